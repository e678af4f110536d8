"""Draw a digit and see it read."""

import numpy as np
import streamlit as st

from pages.shared import charts, examples, fabric, frame, inputs, labelling, resources, state
from recognizer import store
from recognizer.errors import ModelError, PictureError, RecognizerError
from recognizer.evaluation import percent
from recognizer.preprocessing import Preprocessed, preprocess
from recognizer.records import BLANK, Reading

PEN_WIDTHS = (6, 40)  # canvas pixels
CLOSE = 0.1  # probability from which the second-best guess is worth a word
REMOTE = 0.001  # below which it is none


def main() -> None:
    """Lay out the page."""
    if frame.guard("draw"):
        state.sketch().mounted = False
    st.html(charts.style())
    board()


@st.fragment
def board() -> None:
    """Show everything that follows the pen: a stroke reruns this, not the page.

    The models are looked up each time: a model trained or deleted elsewhere shows at once.
    """
    labelling.show_problem()
    try:
        found = store.list_models()
        if not found.whole:
            store.find()  # says how to get one
    except RecognizerError as error:
        st.error(str(error), icon=":material/error:")
        return
    for reason in found.broken.values():
        st.warning(f"A model is left out. {reason}", icon=":material/warning:")
    show_board({model.name: model for model in found.whole})


def show_board(models: dict[str, store.StoredModel]) -> None:
    """Show the canvas, the reading, and what led to it."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.title("Draw one digit, 0 to 9", anchor=False)
        image = bring()
    with right:
        shown = st.container()
        model = choose_model(models)
        prepared, reading = read(image, model)
        with shown:
            show_reading(reading, prepared)
        if prepared is not None:
            labelling.ask_label(reading, model.name)
    if prepared is not None:
        show_every_model(prepared.image, models)
    labelling.show_corrections()


def bring() -> np.ndarray | None:
    """Return the picture that was drawn or brought; None while there is none."""
    image, problem = None, None
    try:
        image = draw() if state.choice(state.WAY) == state.DRAWING else show_picture()
    except PictureError as error:
        problem = error  # shown below the tools, so that they stay in their place
    with st.container(horizontal=True):
        with st.popover("Examples"):
            for name in examples.EXAMPLES:
                st.button(name, on_click=_show_example, args=(name,), width="stretch")
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


def draw() -> np.ndarray | None:
    """Show the canvas and its tools; return what is drawn."""
    sketch = state.sketch()
    try:
        return inputs.canvas(sketch, state.choice(state.PEN))
    finally:  # also where the message is refused: Clear mends that
        with st.container(horizontal=True):
            st.button("Undo", shortcut="Ctrl+Z", on_click=sketch.undo, disabled=not sketch.can_undo)
            st.button("Clear", shortcut="Esc", on_click=sketch.clear)
            with st.popover("Pen"):
                # In a closed popover a slider is not in the browser yet: it must be told its value.
                pen = state.choice(state.PEN)
                st.slider("Pen width", *PEN_WIDTHS, pen, **state.keeps(state.PEN))
            st.download_button(
                "PNG",
                sketch.picture,
                "digit.png",
                on_click="ignore",
                disabled=not sketch.objects,
                help="Download the drawing",
            )


def choose_model(models: dict[str, store.StoredModel]) -> store.StoredModel:
    """Return the model that reads: the default one, whichever that is now, unless one is chosen."""
    state.follow(state.MODEL, list(models))
    name = st.selectbox(
        "Model",
        list(models),
        format_func=lambda name: f"{name} (default)" if models[name].default else name,
        **state.keeps(state.MODEL),
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


def show_reading(reading: Reading, prepared: Preprocessed | None) -> None:
    """Show the digit, how sure the model is, the ten probabilities, and what the model sees."""
    blank = reading.digit is None
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


def _show_example(name: str) -> None:
    state.choose(state.WAY, state.DRAWING)
    drawn = examples.example(name, fabric.CANVAS_SIDE)
    state.sketch().show(fabric.paths(drawn, state.choice(state.PEN)))


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
