"""A picture that is pasted (Ctrl+V) or dropped onto the page, as if it had been uploaded."""

import base64
import binascii
from pathlib import Path

import streamlit as st

from pages.shared import session
from pages.shared.components import messages
from recognizer.errors import PictureError
from recognizer.imaging.formats import EXPECTED

MOST_BYTES = 15_000_000  # of a picture; in base64 a message holds them (.streamlit/config.toml)
_KEY = "pasting"
_PROBLEM = "pasting-problem"  # in the session: what was brought last and could not be taken
_SCRIPT = (Path(__file__).parent / "pasting.js").read_text(encoding="utf-8")


def listen() -> None:
    """Take in what is pasted or dropped, and say what could not be taken."""
    component = st.components.v2.component(_KEY, js=_SCRIPT)
    component(key=_KEY, height=0, data={"mostBytes": MOST_BYTES}, on_brought_change=_take)
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.error(problem)


def _take() -> None:
    """Show what was brought as the picture, in the place of what was there."""
    try:
        picture = content(st.session_state[_KEY].get("brought"))
    except PictureError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    session.keep_picture(picture)
    session.choose(session.WAY, session.PICTURE)


def content(brought: object) -> bytes:
    """Return the content of a file that the browser sent.

    Args:
        brought: {"name": ..., "size": bytes, "data": base64, None where there is too much of it};
            as a browser can send anything, it can be anything.

    Raises:
        PictureError: it is too large, empty, or not what pasting.js sends.
    """
    data = brought.get("data") if isinstance(brought, dict) else 0
    if data is None or (isinstance(data, str) and len(data) > MOST_BYTES * 4 // 3 + 4):
        raise PictureError(
            f"The picture has more than {MOST_BYTES // 1_000_000} MB; expected less to paste or "
            "drop it here: choose Picture and upload it."
        )
    try:
        file = base64.b64decode(data, validate=True) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        file = b""
    if not file:
        raise PictureError(
            f"What was pasted or dropped is no file with content; {EXPECTED}: copy the picture "
            "itself, or choose Picture and upload it."
        )
    return file
