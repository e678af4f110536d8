"""The drawing on the canvas, as the app knows it: its strokes, and how they look.

The canvas and the app both change the drawing, and their messages cross on the way. The app's word
is the last: what the canvas sends counts only if it is news and holds no stroke that was taken away
meanwhile.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import streamlit as st

from pages.shared.canvas import eraser, fabric_paths
from recognizer.imaging.strokes import render_paths

MOST_STEPS = 500  # that Undo goes back

Drawn = tuple[list[dict], bool]  # strokes, and whether their canvas was the wide one


@dataclass
class Sketch:
    """The drawing on the canvas.

    Nothing but Clear, Undo and another drawing takes ink away: a message of the canvas that lacks
    strokes comes from one that was emptied by accident, and is answered with the whole drawing.

    Attributes:
        objects: the strokes, in drawing order, as Fabric.js writes them.
        png: the canvas's own picture of them; None where it has not sent one.
        start: what the canvas has to show; a change of it redraws the canvas.
        is_wide: whether the canvas is the wide one, for a number.
        revision: counts those changes, so that a change back is one too.
        mounted: whether the canvas was on the page in the last run.
        steps: how often the browser has asked for Undo, less how often for Redo.
        shown: how many examples were shown.
        erased: number of the eraser's last move that was taken in.
    """

    objects: list[dict] = field(default_factory=list)
    png: bytes | None = None
    start: list[dict] = field(default_factory=list)
    is_wide: bool = False
    revision: int = 0
    mounted: bool = False
    steps: int = 0
    shown: int = 0
    erased: int = 0
    _last: list[dict] | None = None  # message that was taken in last
    _removed: set[str] = field(default_factory=set)  # strokes that a late message may still hold
    _move: fabric_paths.Move | None = None  # of ink from a canvas of the other shape onto this one
    _past: list[Drawn] = field(default_factory=list)  # drawings before, for Undo
    _future: list[Drawn] = field(default_factory=list)  # drawings undone, for Redo

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas in pixels."""
        return size(is_wide=self.is_wide)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that was taken back."""
        return bool(self._future)

    def show(self, objects: list[dict]) -> None:
        """Put other strokes on the canvas; Undo brings back what was there."""
        self._remember()
        self._put(objects)

    def clear(self) -> None:
        """Begin anew on a blank canvas; Undo brings the drawing back."""
        if self.objects:
            self._remember()
        self._put([])

    def reshape(self, is_wide: bool) -> None:
        """Change to the wide canvas or to the square one; all ink stays, if need be smaller."""
        if is_wide == self.is_wide:
            return
        if self.objects:
            self._remember()
        self._move = fabric_paths.Move() if is_wide else fabric_paths.into_square(self.objects)
        self.is_wide = is_wide
        self._put(self._move.of(self.objects))

    def undo(self) -> None:
        """Take the last change back: a stroke, a Clear, another drawing, another shape."""
        if self._past:
            self._future.append((self.objects, self.is_wide))
            self._return_to(*self._past.pop())

    def redo(self) -> None:
        """Make the change again that was taken back last."""
        if self._future:
            self._past.append((self.objects, self.is_wide))
            self._return_to(*self._future.pop())

    def step_to(self, steps: object) -> None:
        """Undo or redo until as many steps are taken as the browser has asked for in all.

        It sends the sum and not each step: of messages that come in one run, only the last counts.
        """
        if not isinstance(steps, int) or isinstance(steps, bool):
            return
        wanted, self.steps = steps - self.steps, steps
        for _ in range(min(abs(wanted), MOST_STEPS)):
            self.undo() if wanted > 0 else self.redo()

    def erase(self, moves: object) -> None:
        """Take away what lies under the eraser, as one change for Undo.

        Args:
            moves: a list of [number, places]; those that were taken in before are passed over.
        """
        if not isinstance(moves, list) or len(moves) > MOST_STEPS:
            return
        left = self.objects
        for move in moves:
            match move:
                case [int(number), places] if number > self.erased and eraser.is_move(places):
                    self.erased, left = number, eraser.erased(left, places)
        if left != self.objects:
            self._remember()
        self._put(left)  # also where nothing lay there: the browser waits for an answer

    def redraw(self) -> None:
        """Have the canvas show the drawing again: it was emptied by accident."""
        self.mounted = False

    def mount(self) -> None:
        """Have a canvas that was not on the page show the drawing; it does not answer then."""
        if not self.mounted:
            self.start = self.objects
            self.revision += 1
            self.mounted = True

    def take(self, objects: list[dict], png: bytes, *, is_wide: bool) -> None:
        """Take in what the canvas sent, if it is news.

        Args:
            objects: its strokes.
            png: its picture of them.
            is_wide: its shape then, which may have changed since.
        """
        if objects == self._last:
            return
        self._last = objects
        is_late = is_wide != self.is_wide
        if is_late and self._move is None:
            return
        if is_late:
            objects = self._move.of(objects)
        sent = {_key(one) for one in objects}
        if sent & self._removed:
            return
        known = {_key(one) for one in self.objects}
        if known - sent:  # strokes are missing
            new = [one for one in objects if _key(one) not in known]
            if new:
                self._remember()
            self._put(self.objects + new)
            return
        if sent - known:
            self._remember()
        if is_late:
            if sent - known:  # a stroke that the canvas of the new shape does not show yet
                self._put(objects)
            return
        self.objects, self.png = objects, png
        self._removed.clear()

    def _remember(self) -> None:
        self._past = [*self._past[1 - MOST_STEPS :], (self.objects, self.is_wide)]
        self._future = []

    def _return_to(self, objects: list[dict], is_wide: bool) -> None:
        if is_wide != self.is_wide:
            self.is_wide, self._move = is_wide, None
        self._put(objects)

    def _put(self, objects: list[dict]) -> None:
        kept = {_key(one) for one in objects}
        self._removed = (self._removed | {_key(one) for one in self.objects}) - kept
        self.objects = self.start = objects
        self.png = None
        self.revision += 1

    def picture(self) -> bytes:
        """Return the drawing as a PNG of the canvas's size."""
        if self.png is not None:
            return self.png
        pens = [float(one.get("strokeWidth", 1)) for one in self.objects]
        return cv2.imencode(".png", render_paths(self.strokes(), pens, *self.size))[1].tobytes()

    def strokes(self) -> list[np.ndarray]:
        """Return the pen's path of each stroke, (n, 2), in canvas pixels."""
        return [np.array(stroke) for stroke in fabric_paths.strokes(self.objects)]

    def is_inside(self) -> bool:
        """Whether no stroke leaves the canvas: its picture shows all of them."""
        return all(((one >= 0) & (one <= self.size)).all() for one in self.strokes())


def size(*, is_wide: bool) -> tuple[int, int]:
    """Return width and height of a canvas of that shape, in pixels."""
    return fabric_paths.WIDE if is_wide else fabric_paths.CANVAS_SIDE, fabric_paths.CANVAS_SIDE


def _key(one: dict) -> str:
    """Return what distinguishes a stroke from others: nobody draws the same path twice.

    Not the path as it is written: a canvas that was told 51.0 answers 51.
    """
    return str(fabric_paths.positions(one))


def sketch() -> Sketch:
    """Return this session's drawing."""
    return st.session_state.setdefault("sketch", Sketch())
