"""What a session remembers: the drawing, and the choices that outlive a change of page."""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

# Keys of widgets whose values outlive a change of page, with what they are at first. None: the
# widget's own first option.
MODEL, PEN, WAY = "model", "pen", "way"
DRAWING, PICTURE, CAMERA = WAYS = ("Draw", "Picture", "Camera")
_KEPT = {MODEL: None, PEN: 22, WAY: DRAWING}  # a pen as wide here as those of MNIST's writers


@dataclass
class Sketch:
    """The drawing on the canvas.

    Attributes:
        objects: the canvas's own strokes, in drawing order, as Fabric.js writes them.
        png: the canvas as it was last sent; None before the first stroke.
        start: what the canvas is told to show; a change of it redraws the canvas.
        revision: counts those changes.
        outdated: objects of the message that was on its way when we changed the drawing.
    """

    objects: list[dict[str, Any]] = field(default_factory=list)
    png: bytes | None = None
    start: list[dict[str, Any]] = field(default_factory=list)
    revision: int = 0
    outdated: list[dict[str, Any]] | None = None

    def show(self, objects: list[dict[str, Any]]) -> None:
        """Put other strokes on the canvas; it answers with its picture."""
        self.outdated = self.objects
        self.objects = self.start = objects
        self.revision += 1

    def remount(self) -> None:
        """Show the drawing on a canvas that is mounted anew; it does not answer then."""
        self.show(self.objects)
        self.outdated = None

    def clear(self) -> None:
        """Begin anew on a blank canvas."""
        self.show([])

    def undo(self) -> None:
        """Take the last stroke back."""
        self.show(self.objects[:-1])


def sketch() -> Sketch:
    """Return this session's drawing."""
    return st.session_state.setdefault("sketch", Sketch())


def keep_across_pages() -> None:
    """Hold on to the kept widgets' values; called in every run, before any widget.

    Streamlit forgets the value of a widget that a page does not show, unless it is set anew.
    """
    for key, first in _KEPT.items():
        if key in st.session_state or first is not None:
            st.session_state[key] = st.session_state.get(key, first)


def kept_slider(label: str, low: int, high: int, key: str) -> None:
    """Show a slider for a kept value, which is in `st.session_state[key]`.

    In a closed popover a slider is not in the browser yet, so it must be told its value as the
    default each time: one that is only set through its key would open at its lowest.
    """
    widget = f"{key}-slider"

    def keep() -> None:
        st.session_state[key] = st.session_state[widget]

    st.slider(label, low, high, st.session_state[key], key=widget, on_change=keep)
