"""What the pages that read one digit share: the canvas with its tools, the choice of a model."""

import functools
from urllib.parse import quote

import numpy as np
import streamlit as st

from pages.shared import model_list, session
from pages.shared.canvas import component, drawing, examples, fabric_paths
from pages.shared.components import markup
from recognizer.models import registry

PEN_WIDTHS = (6, 40)  # canvas pixels


def draw() -> np.ndarray | None:
    """Show the canvas and its tools; return what is drawn.

    Raises:
        PictureError: the canvas sent something else.
    """
    sketch = drawing.sketch()
    try:
        return component.canvas(sketch, session.choice(session.PEN))
    finally:  # also where the message is refused: Clear repairs that
        with st.container(horizontal=True, gap="small", key="tools"):
            component.undo_and_clear(sketch)
            with st.popover("Pen"):
                # In a closed popover a slider is not in the browser yet: its value is passed on.
                pen = session.choice(session.PEN)
                low, high = PEN_WIDTHS
                st.slider("Pen width", low, high, pen, **session.keeps(session.PEN))
                st.html(_dot(session.choice(session.PEN)))


def offer_download() -> None:
    """Offer the drawing as a picture."""
    sketch = drawing.sketch()
    st.download_button(
        "Download drawing",
        sketch.picture,
        "digit.png",
        on_click="ignore",
        disabled=not sketch.objects,
    )


def _dot(pen: int) -> str:
    """Return how wide the pen draws."""
    return (
        f'<span role="img" aria-label="A dot of the pen, {pen} pixels" style="display: block; '
        f'width: {pen}px; height: {pen}px; border-radius: 50%; background: currentColor"></span>'
    )


def offer_examples(way: str) -> None:
    """Offer the digits that are there to try, for the canvas.

    Args:
        way: the choice of this page that shows the canvas when it is DRAWING.
    """
    # A key that changes with each choice makes a new popover, which is closed.
    with (
        st.popover("Examples", key=f"examples-{drawing.sketch().shown}"),
        st.container(key="examples", horizontal=True, gap="small"),
    ):
        st.html(_thumbnails())
        for name in examples.EXAMPLES:
            st.button(name, _example_key(name), on_click=_show_example, args=(name, way))


def _example_key(name: str) -> str:
    return f"{component.REDRAWS}{name.replace(' ', '-')}"


@functools.cache
def _thumbnails() -> str:
    return f"<style>{''.join(map(_thumbnail, examples.EXAMPLES))}</style>"


def _thumbnail(name: str) -> str:
    """Return the rule of CSS that shows an example above its name."""
    lines = "".join(
        f"M{'L'.join(f'{x:.0f} {y:.0f}' for x, y in stroke)}"
        for stroke in examples.example(name, 100)
    )
    drawn = quote(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" '
        f'height="100" fill="white"/><path d="{lines}" fill="none" stroke="black" '
        'stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    return (
        f".st-key-{_example_key(name)} button::before {{ background-image: "
        f'url("data:image/svg+xml,{drawn}"); }}\n'
    )


def choose_model(models: dict[str, registry.StoredModel]) -> registry.StoredModel:
    """Return the model that reads: the default one, whichever that is now, unless one is chosen."""
    session.follow(session.MODEL, list(models))
    name = st.selectbox(
        "Model",
        list(models),
        format_func=lambda name: model_list.titled(models[name]),
        **session.keeps(session.MODEL),
    )
    with st.container():  # whether it says something or not, what follows keeps its place
        if models[name].card.rejection is None:
            st.caption(
                f"{markup.plain(name)} cannot tell what is not a digit: it names one of the ten "
                "for any drawing."
            )
    return models[name]


def _show_example(name: str, way: str) -> None:
    session.choose(way, session.DRAWING)
    beside = (drawing.sketch().size[0] - fabric_paths.CANVAS_SIDE) / 2
    drawn = [
        [(x + beside, y) for x, y in stroke]
        for stroke in examples.example(name, fabric_paths.CANVAS_SIDE)
    ]
    drawing.sketch().show(fabric_paths.paths(drawn, session.choice(session.PEN)))
    drawing.sketch().shown += 1
