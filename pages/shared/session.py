"""What a session remembers: the drawing, and the choices that outlive a change of page."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from recognizer.datasets.corrections import MINE

# Choices that outlive a change of page, with what they are at first (None: the first option).
# Streamlit forgets a widget's value where a page does not show the widget, so that each has a key
# of its own beside its widget's.
MODEL, PEN, WAY = "model", "pen", "way"
LIVE = "live"  # whether a preview of the reading follows the pen
SOURCE = "source"  # of the Inside page's digit
BATCH_MODEL = "batch-model"  # the Batch page's own
UPLOAD, _UPLOADED = "picture-upload", "picture-file"  # the widget of a picture, and its content
_UPLOADS = "picture-uploads"  # counts the pictures that were brought without the widget
DRAWING, PICTURE, CAMERA = WAYS = ("Draw", "Picture", "Camera")
HAND = "hand"  # whose handwriting is written and used
USE_HAND, TIMES = "use-hand", "times"
TABLE, OPENED = "Row of a table", "Opened image"
_OPENED = "opened-image"  # (pixels, where it is from)
PEN_WIDTH = 22  # at first: as wide here as those of MNIST's writers
_FIRST = {
    **{MODEL: None, PEN: PEN_WIDTH, WAY: DRAWING, LIVE: True, SOURCE: DRAWING, BATCH_MODEL: None},
    **{HAND: MINE, USE_HAND: False, TIMES: 1},
}


def choice(key: str) -> Any:
    """Return what was chosen."""
    return st.session_state.setdefault(key, _FIRST[key])


def choose(key: str, value: Any) -> None:
    """Choose in the person's place; only in a callback."""
    st.session_state[key] = st.session_state[widget(key)] = value


def follow(key: str, options: list[Any]) -> None:
    """Set a select, before it is drawn, to what was chosen, or else to the first option.

    By itself it would keep what was first when it was drawn first: a default model that another
    tab has replaced since.
    """
    chosen = choice(key)
    st.session_state[widget(key)] = chosen if chosen in options else options[0]


def widget(key: str) -> str:
    """Return the key of the widget of a choice."""
    return f"{key}-widget"


def keeps(key: str) -> dict[str, str | Callable[[], None]]:
    """Return the arguments that make a widget keep its value: its key and its callback."""

    def keep() -> None:
        st.session_state[key] = st.session_state[widget(key)]

    return {"key": widget(key), "on_change": keep}


def upload_key() -> str:
    """Return the key of the widget of a picture; another one makes an empty widget."""
    return f"{UPLOAD}-{st.session_state.get(_UPLOADS, 0)}"


def keep_upload() -> None:
    """Keep the picture that was just brought, or forget it where it was taken away."""
    upload = st.session_state[upload_key()]
    st.session_state[_UPLOADED] = None if upload is None else upload.getvalue()


def keep_picture(content: bytes) -> None:
    """Keep a picture that was brought without the widget, which gets empty."""
    st.session_state[_UPLOADED] = content
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1


def uploaded() -> bytes | None:
    """Return the content of the picture that was brought last, None where there is none."""
    return st.session_state.get(_UPLOADED)


def forget_upload() -> None:
    """Forget the picture."""
    st.session_state[_UPLOADED] = None


def open_inside(pixels: np.ndarray, title: str, model: str) -> None:
    """Have the Inside page show an image, (28, 28) uint8, with a model."""
    st.session_state[_OPENED] = pixels, title
    st.session_state[SOURCE] = OPENED
    st.session_state[MODEL] = model


def opened() -> tuple[np.ndarray, str] | None:
    """Return the image that was opened last and where it is from, None while there is none."""
    return st.session_state.get(_OPENED)
