"""Draw a digit and see it read."""

import numpy as np
import streamlit as st

from pages.sections.draw import corrections, pasting, several
from pages.shared import error_boundary, handwriting, layout, model_cache, model_list, session
from pages.shared.canvas import component, drawing, fabric_paths, live_preview, panel
from pages.shared.components import markup, messages, status_line
from pages.shared.components import reading as component_reading
from recognizer.errors import ModelError, PictureError, StorageError
from recognizer.evaluation import percent
from recognizer.models import registry
from recognizer.preprocessing import Preprocessed, preprocess
from recognizer.records import BLANK, Reading

CLOSE = 0.1  # probability from which the second-best guess is worth a word
TITLES = {
    session.DRAWING: "Draw a digit, or several",
    session.PICTURE: "Read a picture of digits",
    session.CAMERA: "Read a photo of digits",
}
INVITATIONS = {
    session.DRAWING: "Draw, and I read it.",
    session.PICTURE: "Bring a picture, and I read it.",
    session.CAMERA: "Take a photo, and I read it.",
}
REMOTE = 0.001  # below which it is none


def main() -> None:
    """Lay out the page."""
    if layout.guard("draw"):
        drawing.sketch().mounted = False
    board()
    live_preview.load()


@error_boundary.fragment
def board() -> None:
    """Show everything that follows the pen: a stroke reruns this, not the page."""
    corrections.show_problem()
    if models := model_list.whole():
        show_board(models)


def show_board(models: dict[str, registry.StoredModel]) -> None:
    """Show the canvas, the reading, and what led to it."""
    left, right = st.columns([2, 3], gap="medium")
    drawn = session.choice(session.WAY) == session.DRAWING
    with left:
        headline(is_drawn=drawn)
        image = picture_of_a_digit()
        pasting.listen()
    with right:
        # In this order, so that reading and correction stand beside or right below the canvas.
        answer, asked, seen = st.container(key="answer"), st.container(), st.container()
        model = panel.choose_model(models)
        prepared = None
        page, doubt = several.look(image, model)
        if page is not None:
            with answer:
                several.show(page, image)
                status_line.say(f"Read as {' '.join(line.text for line in page.lines)}.")
            with asked:
                several.correct(page, model.name)
        else:
            prepared, reading = read(image, model)
            with answer:
                show_reading(reading)
                if doubt and reading.digit is not None and not reading.is_digit:
                    messages.info(doubt)
                status_line.say(component_reading.spoken(reading))
            with seen:
                st.html(component_reading.steps(prepared))
        with answer:
            # A preview reads one digit: none where there are several, or a picture.
            one = drawn and page is None and not drawing.sketch().is_wide
            live_preview.follow(drawing.sketch(), is_on=one and session.choice(session.LIVE))
        with st.container(horizontal=True, vertical_alignment="center"):
            offer_preview(models, model)
            if drawn:
                panel.offer_download()
        if session.choice(session.USE_HAND):
            st.page_link(
                layout.handwriting(), label="Read with my handwriting", icon=":material/draw:"
            )
        if prepared is not None:
            with asked:
                corrections.ask_label(reading, model.name)
    if prepared is not None:
        show_every_model(prepared.image, models)
    corrections.show_corrections()


def headline(*, is_drawn: bool) -> None:
    """Say what the page is for, beside the switch to a canvas for a number."""
    title = TITLES[session.choice(session.WAY)]
    if is_drawn and drawing.sketch().is_wide:
        title = "Draw a number"
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key="headline",
    ):
        st.title(title, anchor=False, width="content")
        if is_drawn:
            component.choose_shape(drawing.sketch())


def picture_of_a_digit() -> np.ndarray | None:
    """Return the picture that was drawn or brought; None while there is none."""
    # Above what they change, so that they stay in their place.
    with st.container(horizontal=True, key="ways"):
        # A switch: the camera asks for permission as soon as its widget is drawn.
        st.segmented_control(
            "Bring a digit by",
            session.WAYS,
            default=session.choice(session.WAY),
            required=True,
            label_visibility="collapsed",
            **session.keeps(session.WAY),
        )
        panel.offer_examples(session.WAY)
    with st.container():  # one element for any way, so that what follows keeps its place
        try:
            return (
                panel.draw() if session.choice(session.WAY) == session.DRAWING else show_picture()
            )
        except PictureError as error:
            messages.error(error)
    return None


def show_picture() -> np.ndarray | None:
    """Ask for a picture, from a file or from the camera, and show it."""
    drawing.sketch().mounted = False
    if session.choice(session.WAY) == session.CAMERA:
        return component.picture(st.camera_input("Hold a sheet of digits up to the camera"))
    picture = component.uploaded_picture()
    if picture is None:
        return None
    caption = f"Your picture. {picture.note}" if picture.note else "Your picture"
    st.image(picture.pixels, caption=caption, width=fabric_paths.CANVAS_SIDE)
    return picture.pixels


def offer_preview(models: dict[str, registry.StoredModel], model: registry.StoredModel) -> None:
    """Let the preview be switched off, and say what it is; nothing where no model has one.

    Args:
        models: all of them.
        model: that reads when the pen is lifted; where the preview is not by it, it says so.
    """
    previewed = live_preview.previewed(models)
    drawn = session.choice(session.WAY) == session.DRAWING
    if previewed is None or not drawn or drawing.sketch().is_wide:
        return
    by = "" if previewed.name == model.name else f" by {markup.plain(previewed.name)}"
    alone = ", without my handwriting" if session.choice(session.USE_HAND) else ""
    st.toggle(
        f"Live preview{by}{alone}",
        session.choice(session.LIVE),
        help=f"A copy of {previewed.name} in your browser reads the picture while you draw. When "
        "you lift the pen, the server's reading of the picture and of the pen's path takes its "
        "place.",
        **session.keeps(session.LIVE),
    )


def read(
    image: np.ndarray | None, model: registry.StoredModel
) -> tuple[Preprocessed | None, Reading]:
    """Return the steps of the preprocessing and the reading; None and BLANK without ink."""
    drawn = session.choice(session.WAY) == session.DRAWING  # its paper is known
    paper = component.PAPER_RGB if drawn else None
    prepared = None if image is None else preprocess(image, paper=paper)
    if prepared is None:
        if image is not None:
            messages.info("No ink is found: expected digits, dark on light or light on dark.")
        return None, BLANK
    try:
        strokes = _strokes(prepared) if drawn else None
        return prepared, handwriting.recognizer(model).read_mnist(prepared.image, strokes)
    except (ModelError, PictureError, StorageError) as error:
        messages.error(error)
        return None, BLANK


def _strokes(prepared: Preprocessed) -> list[np.ndarray] | None:
    """Return the strokes that the model sees of a drawing; None where it sees a part of one.

    A dot far from the digit is left out of the picture, and so of its path.
    """
    sketch = drawing.sketch()
    if not sketch.is_inside():
        return None
    scale = sketch.size[0] / prepared.ink.shape[1]  # ink is looked for in a smaller picture
    x, y, width, height = np.array(prepared.box) * scale
    low, high = np.array([x, y]) - 1, np.array([x + width, y + height]) + 1
    return [
        stroke
        for stroke in sketch.strokes()
        if (stroke.max(axis=0) >= low).all() and (stroke.min(axis=0) <= high).all()
    ]


def show_reading(reading: Reading) -> None:
    """Show the digit, how sure the model is, and the ten probabilities."""
    blank = reading.digit is None
    st.markdown(_opening(reading))
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom", key="reading"):
        st.metric("Digit", "–" if blank else str(reading.digit), width="content")
        st.metric("Confidence", "–" if blank else percent(reading.confidence), width="content")
    st.html(component_reading.reading(reading, _runner_up(reading)))


def show_every_model(image: np.ndarray, models: dict[str, registry.StoredModel]) -> None:
    """Show what each model reads in the same 28 x 28 pixels."""
    rows = []
    for model in models.values():
        try:
            reading = model_cache.recognizer(model).read_mnist(image)
            rows.append((model.name, reading, model.card.rejection is not None))
        except ModelError as error:
            messages.warning(error)
    st.header("What each model reads in it", anchor=False)
    if session.choice(session.WAY) == session.DRAWING:
        st.caption("Each reads the picture alone, without the pen's path.")
    st.html(component_reading.readings(rows))


def _opening(reading: Reading) -> str:
    """Say what the digit below is: what was read, or no more than a guess."""
    if reading.digit is None:
        return INVITATIONS[session.choice(session.WAY)]
    if not reading.is_digit:
        return "**This does not look like a digit to me.** My best guess:"
    return "I read:"


def _runner_up(reading: Reading) -> str:
    """Say what else it could be."""
    if reading.digit is None:
        return (
            "The reading appears here as soon as there is a digit. A picture can also be pasted or "
            "dropped on this page."
        )
    second = int(np.argsort(reading.probabilities)[-2])
    share = reading.probabilities[second]
    if share >= CLOSE:
        return f"A close call: it could also be a {second} ({percent(share)})."
    if share >= REMOTE:
        return f"Next best: {second} ({percent(share)})."
    if not reading.is_digit:
        return "Of the ten digits, no other comes close."
    return "No other digit comes close."


main()
