"""Draw a digit and see it read."""

import numpy as np
import streamlit as st

from pages.shared import (
    bring,
    catalogue,
    charts,
    fabric,
    faults,
    frame,
    inputs,
    labelling,
    resources,
    state,
)
from recognizer import store
from recognizer.errors import ModelError, PictureError
from recognizer.evaluation import percent
from recognizer.preprocessing import Preprocessed, preprocess
from recognizer.records import BLANK, Reading

CLOSE = 0.1  # probability from which the second-best guess is worth a word
REMOTE = 0.001  # below which it is none


def main() -> None:
    """Lay out the page."""
    if frame.guard("draw"):
        state.sketch().mounted = False
    st.html(charts.style())
    board()


@faults.fragment
def board() -> None:
    """Show everything that follows the pen: a stroke reruns this, not the page."""
    labelling.show_problem()
    if models := catalogue.whole():
        show_board(models)


def show_board(models: dict[str, store.StoredModel]) -> None:
    """Show the canvas, the reading, and what led to it."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.title("Draw one digit, 0 to 9", anchor=False)
        image = picture_of_a_digit()
    with right:
        shown = st.container()
        model = bring.choose_model(models)
        prepared, reading = read(image, model)
        with shown:
            show_reading(reading, prepared)
        if prepared is not None:
            labelling.ask_label(reading, model.name)
    if prepared is not None:
        show_every_model(prepared.image, models)
    labelling.show_corrections()


def picture_of_a_digit() -> np.ndarray | None:
    """Return the picture that was drawn or brought; None while there is none."""
    image, problem = None, None
    with st.container():  # one element for any way, so that what follows keeps its place
        try:
            image = bring.draw() if state.choice(state.WAY) == state.DRAWING else show_picture()
        except PictureError as error:
            problem = error  # shown below the tools, so that they stay in their place
    with st.container(horizontal=True):
        bring.offer_examples(state.WAY)
        # A switch: the camera asks for permission as soon as its widget is drawn.
        st.segmented_control(
            "Bring a digit by",
            state.WAYS,
            default=state.choice(state.WAY),
            required=True,
            label_visibility="collapsed",
            **state.keeps(state.WAY),
        )
    if problem:
        st.error(str(problem), icon=":material/error:")
    return image


def show_picture() -> np.ndarray | None:
    """Ask for a picture, from a file or from the camera, and show it."""
    state.sketch().mounted = False
    if state.choice(state.WAY) == state.CAMERA:
        return inputs.picture(st.camera_input("Hold a sheet with one digit up to the camera"))
    image = inputs.picture(st.file_uploader("A picture of one digit, PNG or JPEG"))
    if image is not None:
        st.image(image, caption="Your picture", width=fabric.CANVAS_SIDE)
    return image


def read(image: np.ndarray | None, model: store.StoredModel) -> tuple[Preprocessed | None, Reading]:
    """Return the steps of the preprocessing and the reading; None and BLANK without ink."""
    prepared = None if image is None else preprocess(image)
    if prepared is None:
        if image is not None:
            st.info("No ink is found: expected one digit, dark on light or light on dark.")
        return None, BLANK
    try:
        return prepared, resources.recognizer(model).read_mnist(prepared.image)
    except ModelError as error:
        st.error(str(error), icon=":material/error:")
        return None, BLANK


def show_reading(reading: Reading, prepared: Preprocessed | None) -> None:
    """Show the digit, how sure the model is, the ten probabilities, and what the model sees."""
    blank = reading.digit is None
    st.markdown(_opening(reading))
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom", key="reading"):
        st.metric("Digit", "–" if blank else str(reading.digit), width="content")
        st.metric("Confidence", "–" if blank else percent(reading.confidence), width="content")
    st.html(charts.reading(reading, prepared, _runner_up(reading)))


def show_every_model(image: np.ndarray, models: dict[str, store.StoredModel]) -> None:
    """Show what each model reads in the same 28 x 28 pixels."""
    rows = []
    for model in models.values():
        try:
            rows.append((model.name, resources.recognizer(model).read_mnist(image)))
        except ModelError as error:
            st.warning(str(error), icon=":material/warning:")
    st.subheader("What each model reads in it", anchor=False)
    st.html(charts.readings(rows))


def _opening(reading: Reading) -> str:
    """Say what the digit below is: what was read, or no more than a guess."""
    if reading.digit is None:
        return "Draw, and I read it."
    if not reading.is_digit:
        return "**This does not look like a digit to me.** My best guess:"
    return "I read:"


def _runner_up(reading: Reading) -> str:
    """Say what else it could be."""
    if reading.digit is None:
        return "The reading appears here as soon as there is a digit."
    second = int(np.argsort(reading.probabilities)[-2])
    share = reading.probabilities[second]
    if share >= CLOSE:
        return f"A close call: it could also be a {second} ({percent(share)})."
    if share >= REMOTE:
        return f"Next best: {second} ({percent(share)})."
    return "No other digit comes close."


main()
