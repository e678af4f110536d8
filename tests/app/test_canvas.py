"""The app and the canvas change one drawing, and their messages cross."""

import json

import cv2
import numpy as np
import pytest

from pages.shared.canvas import eraser, fabric_paths
from pages.shared.canvas.drawing import Sketch


def stroke(x: float) -> dict:
    return fabric_paths.paths([[(x, 50.0), (x, 250.0)]], 20)[0]


A, B, C = stroke(50), stroke(150), stroke(250)


def drawn(*strokes: dict) -> Sketch:
    sketch = Sketch()
    for i in range(len(strokes)):
        sketch.take(list(strokes[: i + 1]), b"png", is_wide=False)
    return sketch


def test_takes_what_the_canvas_sends():
    sketch = drawn(A, B)
    assert sketch.objects == [A, B]
    assert sketch.picture() == b"png"


def test_undo_in_quick_succession_ignores_the_answers_that_come_late():
    sketch = drawn(A, B, C)
    sketch.undo()
    sketch.undo()
    sketch.take([A, B, C], b"late", is_wide=False)
    sketch.take([A, B], b"to the first undo", is_wide=False)
    assert sketch.objects == [A]
    sketch.take([A], b"to the second", is_wide=False)
    assert sketch.objects == [A]
    assert sketch.picture() == b"to the second"


def test_the_same_message_again_is_no_news():
    sketch = drawn(A)
    sketch.clear()
    sketch.take([], b"blank", is_wide=False)
    sketch.show([B])
    sketch.take([], b"blank", is_wide=False)
    assert sketch.objects == [B]


def test_after_clear_a_late_stroke_of_the_old_drawing_does_not_come_back():
    sketch = drawn(A)
    sketch.clear()
    sketch.take([A, B], b"drawn before the clear arrived", is_wide=False)
    assert sketch.objects == []


def test_undo_brings_a_cleared_drawing_back_until_something_is_drawn():
    sketch = drawn(A, B)
    sketch.clear()
    sketch.clear()
    assert sketch.can_undo
    sketch.undo()
    assert sketch.objects == [A, B]
    sketch.clear()
    sketch.take([], b"blank", is_wide=False)
    assert sketch.can_undo
    sketch.take([C], b"new", is_wide=False)
    sketch.undo()
    assert sketch.objects == []
    sketch.undo()
    assert sketch.objects == [A, B]


def test_redo_makes_what_was_undone_again_until_something_is_drawn():
    sketch = drawn(A, B)
    sketch.undo()
    sketch.undo()
    assert sketch.objects == []
    sketch.redo()
    sketch.redo()
    assert sketch.objects == [A, B]
    sketch.undo()
    sketch.take([A, C], b"another stroke", is_wide=False)
    assert not sketch.can_redo


def test_three_quick_undos_that_arrive_as_one_sum_are_three():
    sketch = drawn(A, B, C)
    sketch.step_to(3)
    assert sketch.objects == []
    sketch.step_to(1)
    assert sketch.objects == [A, B]
    for hostile in (None, "7", True, 1.5, [3]):
        sketch.step_to(hostile)
    assert sketch.objects == [A, B]
    sketch.step_to(10**9)
    assert sketch.objects == []


def test_a_canvas_that_was_emptied_by_accident_takes_no_ink_away():
    sketch = drawn(A, B)
    sketch.take([], b"blank", is_wide=False)
    assert sketch.objects == sketch.start == [A, B], "it is shown again"
    sketch.take([C], b"drawn on the blank canvas", is_wide=False)
    assert sketch.objects == sketch.start == [A, B, C]
    revision = sketch.revision
    sketch.redraw()
    sketch.mount()
    assert (sketch.start, sketch.revision) == ([A, B, C], revision + 1)


def test_the_wide_canvas_shows_the_same_ink_and_the_square_one_all_that_was_added():
    sketch = drawn(A, B)
    sketch.reshape(is_wide=True)
    assert (sketch.objects, sketch.size) == ([A, B], (960, 320))
    sketch.reshape(is_wide=False)
    assert sketch.objects == [A, B], "what fits stays in its place"
    sketch.reshape(is_wide=True)
    far = stroke(900)
    sketch.take([A, B, far], b"wide", is_wide=True)
    sketch.reshape(is_wide=False)
    places = np.array(fabric_paths.strokes(sketch.objects))  # (3, 2, 2)
    assert (np.diff(places[:, 0, 0]) > 0).all()
    reach = sketch.objects[0]["strokeWidth"] / 2
    assert places[..., 0].min() - reach == pytest.approx(10, abs=0.2)
    assert places[..., 0].max() + reach == pytest.approx(310, abs=0.2)
    shown = cv2.imdecode(np.frombuffer(sketch.picture(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (320, 320)
    sketch.undo()
    assert (sketch.objects, sketch.is_wide) == ([A, B, far], True)
    sketch.redo()
    assert (len(sketch.objects), sketch.is_wide) == (3, False)


def test_a_stroke_that_crosses_a_change_of_the_canvas_shape_is_kept():
    sketch = drawn(A)
    sketch.reshape(is_wide=True)
    sketch.take([A], b"square", is_wide=False)
    assert (sketch.objects, sketch.png) == ([A], None), "a picture of the old shape is no news"
    sketch.take([A, B], b"square, drawn before the change", is_wide=False)
    assert sketch.objects == sketch.start == [A, B]
    sketch.take([A, B, stroke(900)], b"wide", is_wide=True)
    sketch.reshape(is_wide=False)
    sketch.take([A, B, stroke(900), C], b"wide, late", is_wide=True)
    assert len(sketch.objects) == 4
    sketch.undo()
    sketch.undo()
    assert sketch.is_wide
    sketch.take([stroke(20)], b"of another drawing", is_wide=False)
    assert sketch.objects == [A, B, stroke(900)]


def test_what_the_canvas_answers_to_a_drawing_of_the_apps_is_no_news():
    sketch = drawn(A)
    sketch.show([B])
    echo = json.loads(json.dumps([B]).replace(".0,", ",").replace(".0]", "]"))
    assert json.dumps(echo) != json.dumps([B]), "as JavaScript writes whole numbers"
    revision = sketch.revision
    sketch.take(echo, b"its own picture", is_wide=False)
    assert (len(sketch.objects), sketch.revision) == (1, revision)
    sketch.undo()
    assert sketch.objects == [A]


def test_a_drawing_of_the_apps_is_pictured_before_the_canvas_answers():
    sketch = drawn(A)
    sketch.show([B])
    picture = cv2.imdecode(np.frombuffer(sketch.picture(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (320, 320)
    ink = np.argwhere(picture < 128)
    assert ink.min(axis=0) == pytest.approx([40, 140], abs=1)
    assert ink.max(axis=0) == pytest.approx([260, 160], abs=1)


def test_mounting_shows_the_drawing_and_keeps_the_canvas_own_picture():
    sketch = drawn(A)
    sketch.mount()
    shown = sketch.revision
    assert sketch.start == [A]
    assert sketch.picture() == b"png"
    sketch.mount()
    assert sketch.revision == shown, "a canvas that is there is left alone"


@pytest.mark.parametrize(
    "bad",
    [
        7,
        [7],
        [{}],
        [{"path": [], "strokeWidth": 1}],
        [{"path": [["M"]], "strokeWidth": 1}],
        [{"path": [["M", "x", 1]], "strokeWidth": 1}],
        [{"path": [["M", float("nan"), 1]], "strokeWidth": 1}],
        [{"path": [["M", 1e9, 1]], "strokeWidth": 1}],
        [{"path": [["M", 1, 1], ["Q", "x", 1, 2, 2]], "strokeWidth": 1}],
        [{"path": [["M", 1, 1]], "strokeWidth": 1e9}],
        [{"path": [["M", 1, 1]], "strokeWidth": None}],
        [A] * 501,
        [{**A, "left": float("nan")}],
        [{**A, "text": "x" * 2_000_000}],
        [{**A, "text": 10**400, "strokeWidth": 10**400}],
    ],
)
def test_what_is_no_stroke_is_refused(bad):
    with pytest.raises(ValueError, match=r"."):
        fabric_paths.strokes(bad)


def rubbed(sketch: Sketch, *moves: list) -> list[list[tuple[float, float]]]:
    sketch.erase(list(moves))
    return fabric_paths.strokes(sketch.objects)


def test_the_eraser_leaves_two_pieces_of_a_stroke_that_it_crosses_and_the_others_whole():
    sketch = drawn(A, B)
    pieces = rubbed(sketch, [1, [[20, 150], [80, 150]]])
    assert B in sketch.objects
    above, below = [piece for piece in pieces if piece[0][0] == 50]
    reach = eraser.RADIUS + 20 / 2
    assert above[0] == (50, 50)
    assert above[-1][1] == pytest.approx(150 - reach, abs=2)
    assert below[0][1] == pytest.approx(150 + reach, abs=2)
    assert below[-1] == (50, 250)
    ink = cv2.imdecode(np.frombuffer(sketch.picture(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert ink[150 - eraser.RADIUS + 3 : 150 + eraser.RADIUS - 3, 50].min() == 255
    sketch.undo()
    assert sketch.objects == [A, B]


def test_a_move_of_the_eraser_counts_once_and_one_beside_the_ink_changes_nothing():
    sketch = drawn(A)
    before = sketch.revision
    assert len(rubbed(sketch, [1, [[200, 150]]])) == 1
    assert sketch.objects == [A]
    assert sketch.revision > before, "the browser waits for an answer"
    assert len(rubbed(sketch, [1, [[50, 150]]], [2, [[50, 100]]])) == 2
    assert len(rubbed(sketch, [2, [[50, 200]]])) == 2


@pytest.mark.parametrize(
    "sent", [None, "x", [[1]], [[1, []]], [[1, [[1]]]], [[1, [["a", 2]]]], [[1, [[1e9, 0]]]]]
)
def test_what_is_no_move_of_the_eraser_changes_nothing(sent):
    sketch = drawn(A)
    sketch.erase(sent)
    assert sketch.objects == [A]


def test_the_eraser_follows_curves_and_leaves_no_dots():
    path = [["M", 50, 150], ["Q", 150, 20, 250, 150]]
    curve = {**A, "path": path}
    sketch = drawn(curve)
    top = rubbed(sketch, [1, [[150, 85]]])  # the curve's middle, far from its two places
    assert len(top) == 2
    assert all(len(piece) > 1 for piece in top)
