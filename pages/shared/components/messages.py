"""Errors, warnings and notes, each with its icon.

What they say may quote a stranger's file, so it is shown as it is, never read as Markdown. A text
of the app's own that holds Markdown says so, and escapes what it quotes with `markup.plain`. A
visitor is told no path of the server.
"""

import streamlit as st

from pages.shared.access import roles
from pages.shared.components import markup
from recognizer.system import home


def error(text: object) -> None:
    """Say what went wrong and how to fix it."""
    st.error(markup.plain(_told(text)), icon=":material/error:")


def warning(text: object) -> None:
    """Say what is not as it should be."""
    st.warning(markup.plain(_told(text)), icon=":material/warning:")


def success(text: object) -> None:
    """Say what has been done."""
    st.success(markup.plain(_told(text)), icon=":material/check_circle:")


def info(text: object, *, markdown: bool = False, icon: str = "info") -> None:
    """Say what is worth knowing.

    Args:
        text: in one or two sentences.
        markdown: whether it holds Markdown of the app's own.
        icon: a name of Material Symbols.
    """
    st.info(str(text) if markdown else markup.plain(_told(text)), icon=f":material/{icon}:")


def _told(text: object) -> str:
    """Return a text as this person may see it."""
    return str(text) if roles.sees_paths() else home.without_paths(str(text))
