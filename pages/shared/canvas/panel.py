"""What the pages that read one digit share: the canvas with its tools, the choice of a model."""

import numpy as np
import streamlit as st

from pages.shared import model_list, session
from pages.shared.canvas import component, drawing, examples, fabric_paths
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
        with st.container(horizontal=True):
            component.undo_and_clear(sketch)
            with st.popover("Pen"):
                # In a closed popover a slider is not in the browser yet: its value is passed on.
                pen = session.choice(session.PEN)
                st.slider("Pen width", *PEN_WIDTHS, pen, **session.keeps(session.PEN))
            st.download_button(
                "Download drawing",
                sketch.picture,
                "digit.png",
                on_click="ignore",
                disabled=not sketch.objects,
            )


def offer_examples(way: str) -> None:
    """Offer the digits that are there to try, for the canvas.

    Args:
        way: the choice of this page that shows the canvas when it is DRAWING.
    """
    with st.popover("Examples"):
        for name in examples.EXAMPLES:
            key = f"{component.REDRAWS}{name}"
            st.button(name, key, on_click=_show_example, args=(name, way), width="stretch")


def choose_model(models: dict[str, registry.StoredModel]) -> registry.StoredModel:
    """Return the model that reads: the default one, whichever that is now, unless one is chosen."""
    session.follow(session.MODEL, list(models))
    name = st.selectbox(
        "Model",
        list(models),
        format_func=lambda name: model_list.titled(models[name]),
        **session.keeps(session.MODEL),
    )
    return models[name]


def _show_example(name: str, way: str) -> None:
    session.choose(way, session.DRAWING)
    drawn = examples.example(name, fabric_paths.CANVAS_SIDE)
    drawing.sketch().show(fabric_paths.paths(drawn, session.choice(session.PEN)))
