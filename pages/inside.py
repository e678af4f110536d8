"""See inside the network: each stage at work on a digit, why it read that, and how it learned."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from pages.sections.inside import epochs, evidence, rows, stages
from pages.shared import error_boundary, layout, model_cache, model_list, session
from pages.shared.canvas import component, drawing, examples, fabric_paths, panel
from pages.shared.canvas.drawing import Sketch
from pages.shared.components import markup, messages, status_line
from pages.shared.components import reading as component_reading
from recognizer.errors import RecognizerError
from recognizer.evaluation import percent
from recognizer.imaging.decoding import decode_canvas
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.preprocessing import to_mnist
from recognizer.records import Reading

EXAMPLE = "7 with a bar"


@dataclass(frozen=True, eq=False)
class Shown:
    """The network that the page opens: a model's, or that of an epoch of its training."""

    content: str  # SHA-256 of its file
    tflite: Path
    card: ModelCard


def main() -> None:
    """Lay out the page."""
    if layout.guard("inside"):
        drawing.sketch().mounted = False
    board()


@error_boundary.fragment
def board() -> None:
    """Show everything that follows the pen: a stroke reruns this, not the page."""
    try:
        if models := model_list.whole():
            show_board(models)
    except RecognizerError as error:
        messages.error(error)


def show_board(models: dict[str, registry.StoredModel]) -> None:
    """Show the digit, the reading, and what lies between them."""
    st.title("See inside the network", anchor=False)
    row = st.container()  # of the stages: what the page is about comes first
    left, right = st.columns([2, 3], gap="medium")
    with left:
        image = bring_image()
    with right:
        shown = st.container(key="answer")
        model = panel.choose_model(models)
        kept = epochs.epochs(model)
        network = choose_network(model, kept)
    reader = model_cache.reader(network.content, network.tflite, network.card)
    reading = reader.read_mnist(image)
    with shown:
        show_reading(reading)
    opened = model_cache.opened(network.content, network.tflite)
    values = opened.look(image)
    with row:
        stages.show_row(opened, values, network.card.parameters)
    stages.show_open(opened, values)
    evidence.show(reader, network.content, reading)
    epochs.show(model, kept, image)


def bring_image() -> np.ndarray:
    """Return the digit to look at, (28, 28) uint8: drawn, of a table, or an example."""
    image, opened = None, session.opened()
    ways = (session.DRAWING, session.TABLE, *([session.OPENED] if opened else []))
    source = session.choice(session.SOURCE)
    with st.container(horizontal=True, key="ways"):
        st.segmented_control(
            "Bring a digit by",
            ways,
            default=session.choice(session.SOURCE),
            required=True,
            label_visibility="collapsed",
            **session.keeps(session.SOURCE),
        )
        panel.offer_examples(session.SOURCE)
    with st.container():  # one element for either source, so that what follows keeps its place
        try:
            if source == session.DRAWING:
                drawn = panel.draw()
                image = None if drawn is None else to_mnist(drawn, paper=component.PAPER_RGB)
                if image is not None:
                    st.caption("Here the picture alone is read. Draw also reads the pen's path.")
            elif source == session.OPENED and opened:
                image = show_opened(*opened)
            else:
                drawing.sketch().mounted = False
                image = rows.bring()
        except RecognizerError as error:
            messages.error(error)
    if image is None:
        st.caption("Until there is a digit of yours, you see the network at work on an example.")
        return example()
    return image


def show_opened(image: np.ndarray, title: str) -> np.ndarray:
    """Show the image that was opened on another page."""
    drawing.sketch().mounted = False
    st.html(f'<img class="still" src="{markup.source(image)}" alt="{escape(title)}">')
    st.caption(markup.plain(title))
    return image


def choose_network(model: registry.StoredModel, kept: epochs.Epochs) -> Shown:
    """Return the network to open, and say so where it is not the finished one."""
    chosen = epochs.chosen(model, kept)
    if chosen is None:
        return Shown(model.sha256, model.tflite, model.card)
    epoch, path = chosen
    messages.info(f"You look at the network as it was after epoch {epoch}.", icon="history")
    st.button("Back to the finished network", on_click=epochs.close, args=(model,))
    return Shown(registry.sha256(path), path, model.card)


def show_reading(reading: Reading) -> None:
    """Show the digit, how sure the network is, and the ten probabilities."""
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom", key="reading"):
        st.metric("Digit", str(reading.digit), width="content")
        st.metric("Confidence", percent(reading.confidence), width="content")
    st.html(component_reading.bars(reading))
    status_line.say(component_reading.spoken(reading))
    if not reading.is_digit:
        st.caption("The network doubts that this is a digit at all.")


def example() -> np.ndarray:
    """Return a digit to show while there is none."""
    drawn = fabric_paths.paths(
        examples.example(EXAMPLE, fabric_paths.CANVAS_SIDE), session.PEN_WIDTH
    )
    image = decode_canvas(Sketch(drawn).picture(), fabric_paths.CANVAS_SIDE)
    return to_mnist(image, paper=component.PAPER_RGB)


main()
