"""Draw a digit and see it read."""

import numpy as np
import streamlit as st

from pages.shared import charts, examples, fabric, frame, inputs, labelling, resources, state
from recognizer import store
from recognizer.errors import ModelError, PictureError
from recognizer.preprocessing import Preprocessed, preprocess
from recognizer.records import BLANK, Reading

PEN_WIDTHS = (6, 40)  # canvas pixels
CLOSE = 0.1  # probability from which the second-best guess is worth a word
REMOTE = 0.001  # below which it is none


def main() -> None:
    """Lay out the page."""
    if frame.guard("draw"):
        state.sketch().remount()
    st.html(charts.style())
    board()


@st.fragment
def board() -> None:
    """Show everything that follows the pen: a stroke reruns this, not the page.

    The models are looked up each time: a model trained or deleted elsewhere shows at once.
    """
    found = store.list_models()
    labelling.show_problem()
    for reason in found.broken.values():
        st.warning(f"A model is left out. {reason}", icon=":material/warning:")
    if found.whole:
        show_board({model.name: model for model in found.whole})
    else:
        st.error(_no_model(), icon=":material/error:")


def show_board(models: dict[str, store.StoredModel]) -> None:
    """Show the canvas, the reading, and what led to it."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        image = bring()
    with right:
        shown = st.container()
        model = choose(models)
        prepared, reading = read(image, model)
        with shown:
            show_reading(reading)
        if prepared is not None:
            labelling.ask_label(reading, model.name)
    if prepared is not None:
        st.subheader("What the model sees", anchor=False)
        st.html(charts.steps(prepared))
        show_every_model(prepared.image, models)
    show_other_ways()
    labelling.show_corrections()


def bring() -> np.ndarray | None:
    """Return the picture that was drawn or brought; None while there is none."""
    try:
        if st.session_state[state.WAY] == state.DRAWING:
            return draw()
        return show_picture()
    except PictureError as error:
        st.error(str(error), icon=":material/error:")
        return None


def show_picture() -> np.ndarray | None:
    """Ask for a picture, from a file or from the camera, and show it."""
    if st.session_state[state.WAY] == state.CAMERA:
        return inputs.picture(st.camera_input("Hold one digit into the camera"))
    image = inputs.picture(st.file_uploader("A picture of one digit, PNG or JPEG"))
    if image is not None:
        st.image(image, caption="Your picture", width=fabric.CANVAS_SIDE)
    return image


def draw() -> np.ndarray | None:
    """Show the canvas and its tools; return what is drawn."""
    sketch = state.sketch()
    st.title("Draw one digit, 0 to 9", anchor=False)
    pen = st.session_state[state.PEN]
    image, problem = None, None
    try:
        image = inputs.canvas(sketch, pen)
    except PictureError as error:
        problem = error  # shown below the tools, so that Clear stays in its place
    with st.container(horizontal=True):
        drawn = bool(sketch.objects)
        st.button("Undo", shortcut="Ctrl+Z", on_click=sketch.undo, disabled=not drawn)
        st.button("Clear", shortcut="Esc", on_click=sketch.clear)
        with st.popover("Pen"):
            state.kept_slider("Pen width", *PEN_WIDTHS, key=state.PEN)
        if drawn and sketch.png:
            st.download_button(
                "PNG", sketch.png, "digit.png", on_click="ignore", help="Download the drawing"
            )
    if problem:
        raise problem
    return image


def choose(models: dict[str, store.StoredModel]) -> store.StoredModel:
    """Return the model that reads."""
    if st.session_state.get(state.MODEL) not in models:
        st.session_state.pop(state.MODEL, None)
    name = st.selectbox(
        "Model",
        list(models),
        format_func=lambda name: f"{name} (default)" if models[name].default else name,
        key=state.MODEL,
    )
    return models[name]


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


def show_reading(reading: Reading) -> None:
    """Show the digit, how sure the model is, and the ten probabilities."""
    blank = reading.digit is None
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom", key="reading"):
        st.metric("Digit", "–" if blank else str(reading.digit), width="content")
        st.metric(
            "Confidence", "–" if blank else charts.percent(reading.confidence), width="content"
        )
    st.html(charts.bars(reading))
    st.caption(_runner_up(reading))


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


def show_other_ways() -> None:
    """Offer the examples, and pictures instead of the canvas."""
    st.subheader("No digit at hand?", anchor=False)
    with st.container(horizontal=True):
        for name in examples.EXAMPLES:
            st.button(name, on_click=_show_example, args=(name,))
    # A switch: the camera asks for permission as soon as its widget is drawn.
    st.segmented_control("Bring a digit by", state.WAYS, key=state.WAY, required=True)


def _show_example(name: str) -> None:
    st.session_state[state.WAY] = state.DRAWING
    state.sketch().show(
        fabric.paths(examples.example(name, fabric.CANVAS_SIDE), st.session_state[state.PEN])
    )


def _runner_up(reading: Reading) -> str:
    """Say what else it could be."""
    if reading.digit is None:
        return "The reading appears here as soon as there is a digit."
    second = int(np.argsort(reading.probabilities)[-2])
    share = reading.probabilities[second]
    if share >= CLOSE:
        return f"A close call: it could also be a **{second}** ({charts.percent(share)})."
    if share >= REMOTE:
        return f"Next best: {second} ({charts.percent(share)})."
    return "No other digit comes close."


def _no_model() -> str:
    try:
        store.find()
    except ModelError as error:
        return str(error)
    return ""


main()
