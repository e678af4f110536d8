"""See inside the network: each stage at work on a digit, why it read that, and how it learned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.shared import (
    bring,
    catalogue,
    charts,
    examples,
    fabric,
    faults,
    frame,
    inside_learning,
    inside_stages,
    inside_why,
    numbers,
    resources,
    sheets,
    state,
)
from pages.shared.sketch import Sketch
from recognizer import store
from recognizer.datasets import read_digits
from recognizer.errors import RecognizerError
from recognizer.evaluation import percent
from recognizer.pictures import decode_canvas
from recognizer.preprocessing import to_mnist
from recognizer.records import Digits, ModelCard, Reading

EXAMPLE = "7 with a bar"
_TABLE = "inside-table"  # (id of the uploaded file, its digits)


@dataclass(frozen=True, eq=False)
class Shown:
    """The network that the page opens: a model's, or that of an epoch of its training."""

    content: str  # SHA-256 of its file
    tflite: Path
    card: ModelCard


def main() -> None:
    """Lay out the page."""
    if frame.guard("inside"):
        state.sketch().mounted = False
    st.html(charts.style() + sheets.STYLE + numbers.STYLE + inside_learning.STYLE)
    board()


@faults.fragment
def board() -> None:
    """Show everything that follows the pen: a stroke reruns this, not the page."""
    try:
        if models := catalogue.whole():
            show_board(models)
    except RecognizerError as error:
        st.error(sheets.plain(str(error)), icon=":material/error:")


def show_board(models: dict[str, store.StoredModel]) -> None:
    """Show the digit, the reading, and what lies between them."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.title("See inside the network", anchor=False)
        image = bring_image()
    with right:
        shown = st.container()
        model = bring.choose_model(models)
        kept = inside_learning.epochs(model)
        network = choose_network(model, kept)
    reader = resources.reader(network.content, network.tflite, network.card)
    reading = reader.read_mnist(image)
    with shown:
        show_reading(reading)
    opened = resources.opened(network.content, network.tflite)
    inside_stages.show(opened, opened.look(image), network.card.parameters)
    inside_why.show(reader, network.content, reading)
    inside_learning.show(model, kept, image)


def bring_image() -> np.ndarray:
    """Return the digit to look at, (28, 28) uint8: drawn, of a table, or an example."""
    image = None
    with st.container():  # one element for either source, so that what follows keeps its place
        try:
            if state.choice(state.SOURCE) == state.DRAWING:
                drawn = bring.draw()
                image = None if drawn is None else to_mnist(drawn)
            else:
                image = bring_row()
        except RecognizerError as error:
            st.error(sheets.plain(str(error)), icon=":material/error:")
    with st.container(horizontal=True):
        bring.offer_examples(state.SOURCE)
        st.segmented_control(
            "Bring a digit by",
            (state.DRAWING, state.TABLE),
            default=state.choice(state.SOURCE),
            required=True,
            label_visibility="collapsed",
            **state.keeps(state.SOURCE),
        )
    if image is None:
        st.caption("Until there is a digit of yours, you see the network at work on an example.")
        return example()
    return image


def bring_row() -> np.ndarray | None:
    """Ask for a table and a row of it."""
    state.sketch().mounted = False
    upload = st.file_uploader("A table of digits, such as Kaggle's train.csv, as CSV or zip")
    if upload is None:
        st.session_state.pop(_TABLE, None)
        return None
    digits = read_table(upload)
    row = int(st.number_input("Row", 1, len(digits), 1, help="From 1, below the header.")) - 1
    if digits.labels is not None:
        st.caption(f"Its label says {digits.labels[row]}.")
    return digits.images[row]


def read_table(upload: Any) -> Digits:
    """Return the digits of an uploaded table; each file is read once.

    Raises:
        DataError: it is not in Kaggle's form.
    """
    kept, digits = st.session_state.get(_TABLE, (None, None))
    if kept != upload.file_id:
        st.session_state.pop(_TABLE, None)
        with st.spinner("Reading the table …"):
            digits = read_digits(upload)
        st.session_state[_TABLE] = upload.file_id, digits
    return digits


def choose_network(model: store.StoredModel, kept: inside_learning.Epochs) -> Shown:
    """Return the network to open, and say so where it is not the finished one."""
    chosen = inside_learning.chosen(model, kept)
    if chosen is None:
        return Shown(model.card.sha256[store.TFLITE_FILE], model.tflite, model.card)
    epoch, path = chosen
    st.info(f"You look at the network as it was after epoch {epoch}.", icon=":material/history:")
    st.button("Back to the finished network", on_click=inside_learning.close, args=(model,))
    return Shown(store.sha256(path), path, model.card)


def show_reading(reading: Reading) -> None:
    """Show the digit, how sure the network is, and the ten probabilities."""
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom", key="reading"):
        st.metric("Digit", str(reading.digit), width="content")
        st.metric("Confidence", percent(reading.confidence), width="content")
    st.html(charts.bars(reading))
    if not reading.is_digit:
        st.caption("The network doubts that this is a digit at all.")


def example() -> np.ndarray:
    """Return a digit to show while there is none."""
    drawn = fabric.paths(examples.example(EXAMPLE, fabric.CANVAS_SIDE), state.PEN_WIDTH)
    return to_mnist(decode_canvas(Sketch(drawn).picture(), fabric.CANVAS_SIDE))


main()
