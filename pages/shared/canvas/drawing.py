"""The drawing on the canvas, as the app knows it: its strokes, and how they look.

The canvas and the app both change the drawing, and their messages cross on the way. The app's word
is the last: what the canvas sends counts only if it is news and holds no stroke that was taken away
meanwhile.
"""

import json
from dataclasses import dataclass, field

import cv2
import numpy as np
import streamlit as st

from pages.shared.canvas import fabric_paths
from recognizer.imaging.strokes import render_paths


@dataclass
class Sketch:
    """The drawing on the canvas.

    Attributes:
        objects: the strokes, in drawing order, as Fabric.js writes them.
        png: the canvas's own picture of them; None where it has not sent one.
        start: what the canvas has to show; a change of it redraws the canvas.
        revision: counts those changes, so that a change back is one too.
        mounted: whether the canvas was on the page in the last run.
    """

    objects: list[dict] = field(default_factory=list)
    png: bytes | None = None
    start: list[dict] = field(default_factory=list)
    revision: int = 0
    mounted: bool = False
    _last: list[dict] | None = None  # message that was taken in last
    _removed: set[str] = field(default_factory=set)  # strokes that a late message may still hold
    _cleared: list[dict] = field(default_factory=list)  # for Undo after Clear

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back, or a Clear."""
        return bool(self.objects or self._cleared)

    def show(self, objects: list[dict]) -> None:
        """Put other strokes on the canvas."""
        kept = {_key(one) for one in objects}
        self._removed = (self._removed | {_key(one) for one in self.objects}) - kept
        self.objects = self.start = objects
        self.png = None
        self._cleared = []
        self.revision += 1

    def clear(self) -> None:
        """Begin anew on a blank canvas; Undo brings the drawing back."""
        before = self.objects or self._cleared
        self.show([])
        self._cleared = before

    def undo(self) -> None:
        """Take the last stroke back, or the Clear."""
        self.show(self.objects[:-1] if self.objects else self._cleared)

    def mount(self) -> None:
        """Have a canvas that was not on the page show the drawing; it does not answer then."""
        if not self.mounted:
            self.start = self.objects
            self.revision += 1
            self.mounted = True

    def take(self, objects: list[dict], png: bytes) -> None:
        """Take in what the canvas sent, if it is news."""
        if objects == self._last:
            return
        self._last = objects
        if any(_key(one) in self._removed for one in objects):
            return
        if objects:
            self._cleared = []
        self.objects, self.png = objects, png
        self._removed.clear()

    def picture(self) -> bytes:
        """Return the drawing as a PNG of the canvas's size."""
        if self.png is not None:
            return self.png
        pens = [float(one.get("strokeWidth", 1)) for one in self.objects]
        strokes = [np.array(stroke) for stroke in fabric_paths.strokes(self.objects)]
        return cv2.imencode(".png", render_paths(strokes, pens, fabric_paths.CANVAS_SIDE))[
            1
        ].tobytes()


def _key(one: dict) -> str:
    """Return what distinguishes a stroke from others: nobody draws the same path twice."""
    return json.dumps(one.get("path"))


def sketch() -> Sketch:
    """Return this session's drawing."""
    return st.session_state.setdefault("sketch", Sketch())
