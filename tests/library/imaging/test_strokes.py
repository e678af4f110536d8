"""Pen drawings: files, people, and the browser's way of drawing."""

import gzip
import json
from contextlib import suppress

import numpy as np
import pytest
from helpers.factories import one_line

from recognizer.errors import DataError
from recognizer.imaging.strokes import (
    CONDITIONS,
    Drawing,
    draw,
    read_drawings,
    render,
    split_writers,
)

SEVEN = [np.float32([[0, 0], [600, 0], [250, 1000]]), np.float32([[100, 500], [500, 500]])]
LINE = {"label": "7", "writer": "w1", "source": "s", "strokes": [[[0, 0], [600, 0], [250, 1000]]]}


def ink(canvas: np.ndarray) -> np.ndarray:
    return (255 - canvas) / 255


def ink_box(canvas: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pixels that are at least half covered."""
    rows, columns = np.nonzero(canvas < 128)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("name", ["d.jsonl", "d.jsonl.gz"])
def test_a_file_comes_back_as_it_was_written(tmp_path, name):
    text = "".join(json.dumps({**LINE, "label": label}) + "\n" for label in "79")
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    drawings = read_drawings(path)
    assert [d.label for d in drawings] == ["7", "9"]
    assert (drawings[0].writer, drawings[0].source) == ("w1", "s")
    np.testing.assert_array_equal(drawings[0].strokes[0], LINE["strokes"][0])


@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        "[]",
        "",
        json.dumps({"label": "7"}),
        json.dumps({**LINE, "more": 1}),
        json.dumps({**LINE, "label": 7}),
        json.dumps({**LINE, "label": "77"}),
        json.dumps({**LINE, "writer": ""}),
        json.dumps({**LINE, "strokes": []}),
        json.dumps({**LINE, "strokes": 5}),
        json.dumps({**LINE, "strokes": [[]]}),
        json.dumps({**LINE, "strokes": [[[1, 2, 3]]]}),
        json.dumps({**LINE, "strokes": [[[1, "2"]]]}),
        json.dumps({**LINE, "strokes": [[[1, 2], [3]]]}),
        json.dumps({**LINE, "strokes": [[[1, float("nan")]]]}),
        json.dumps({**LINE, "strokes": [[[True, False]]]}),
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named(tmp_path, bad):
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(LINE) + "\n" + bad + "\n")
    with pytest.raises(DataError) as caught:
        read_drawings(path)
    assert "Line 2 of d.jsonl" in one_line(caught.value)


def test_a_missing_a_damaged_and_a_binary_file_are_told_in_one_line(tmp_path):
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(json.dumps(LINE).encode() * 99)[:-20])
    (tmp_path / "plain.jsonl.gz").write_text(json.dumps(LINE))
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    for name in ("cut.jsonl.gz", "plain.jsonl.gz", "binary.jsonl", "missing.jsonl"):
        with pytest.raises(DataError) as caught:
            read_drawings(tmp_path / name)
        assert name in one_line(caught.value)


@pytest.mark.parametrize("at", range(10, 60, 7))
def test_a_damaged_gzip_is_told_in_one_line(tmp_path, at):
    path = tmp_path / "strokes.jsonl.gz"
    content = bytearray(gzip.compress(json.dumps(LINE).encode()))
    content[at] ^= 1
    path.write_bytes(content)
    with suppress(DataError):
        assert read_drawings(path)


@pytest.mark.parametrize("far", [1e300, -1e39, 10**30, 10**400])
def test_a_place_that_no_float_of_32_bits_can_hold_is_told(tmp_path, far):
    path = tmp_path / "strokes.jsonl"
    path.write_text(json.dumps({**LINE, "strokes": [[[0, 0], [far, 0.5]]]}))
    with pytest.raises(DataError, match=r"Line 1"):
        read_drawings(path)


def people(n: int) -> list[Drawing]:
    return [Drawing("7", f"writer-{i % n}", "unipen", tuple(SEVEN)) for i in range(3 * n)]


def test_nobody_is_in_two_parts_and_nothing_is_lost():
    parts = split_writers(people(200), seed=1)
    writers = [{d.writer for d in part} for part in parts]
    assert sum(len(part) for part in parts) == 600
    assert not writers[0] & writers[1]
    assert not writers[0] & writers[2]
    assert not writers[1] & writers[2]
    for group, share in zip(writers, (0.8, 0.1, 0.1), strict=True):
        assert len(group) / 200 == pytest.approx(share, abs=0.1)


def test_a_writers_part_hangs_neither_on_order_nor_on_who_else_is_there():
    drawings = people(50)
    parts = [{d.writer for d in part} for part in split_writers(drawings, seed=1)]
    assert [{d.writer for d in part} for part in split_writers(drawings[::-1], seed=1)] == parts
    few = split_writers(drawings[:10], seed=1)
    assert all({d.writer for d in part} <= whole for part, whole in zip(few, parts, strict=True))


def test_another_seed_splits_in_another_way():
    first, second = ([d.writer for d in split_writers(people(50), s)[0]] for s in (1, 2))
    assert first != second


def test_thirty_people_under_one_name_train_under_any_seed():
    crowd = [Drawing("1", "writer-1", "pendigits", tuple(SEVEN))] * 5
    assert all(len(split_writers(crowd, seed)[0]) == 5 for seed in range(20))


@pytest.mark.parametrize(("pen", "length"), [(20, 196), (6, 100), (30, 60), (1, 150)])
def test_a_straight_line_covers_the_area_of_a_bar_with_round_ends(pen, length):
    canvas = render([[[0, 0], [1000, 0]]], pen=pen, side=length)
    area = pen * length + np.pi * pen**2 / 4
    assert ink(canvas).sum() == pytest.approx(area, abs=0.3 * length)  # 0.3 of a pixel in width


@pytest.mark.parametrize("pen", [6, 20, 30])
def test_a_dot_is_a_disc_as_wide_as_the_pen(pen):
    canvas = render([[[500, 500]]], pen=pen)
    assert ink(canvas).sum() == pytest.approx(np.pi * pen**2 / 4, rel=0.05)
    left, top, right, bottom = ink_box(canvas)
    assert right - left == pytest.approx(pen, abs=1)
    assert bottom - top == pytest.approx(pen, abs=1)


def test_corners_are_rounded_through_mid_points_as_in_the_browser():
    # fabric.js goes from mid-point to mid-point: of this corner the curve's middle is the mean of
    # the two mid-points and the corner, (0.25·0.5 + 0.5·1 + 0.25·1, the same mirrored).
    canvas = render([[[0, 0], [1000, 0], [1000, 1000]]], pen=4, side=200)
    assert canvas[40:44, 236:240].min() == 255  # the corner itself is bare
    middle = np.array([40 + 200 * 0.875, 40 + 200 * 0.125])
    x, y = middle.astype(int)
    assert canvas[y - 1 : y + 2, x - 1 : x + 2].min() < 64


def test_edges_are_soft():
    canvas = render(SEVEN)
    assert len(np.unique(canvas)) > 10
    assert canvas.min() == 0
    assert canvas.max() == 255


def test_side_and_place_are_kept():
    canvas = render([[[0, 0], [500, 0], [500, 1000]]], pen=10, side=100, place=(0, 1))
    left, top, right, bottom = ink_box(canvas)
    assert (left, bottom) == (0, 280)
    assert bottom - top == pytest.approx(110, abs=2)
    assert right == pytest.approx(60, abs=2)


def test_an_angle_turns_to_the_right():
    upright = [[[0, 0], [0, 1000]]]
    rows, columns = np.nonzero(render(upright, pen=4, angle=30) < 128)
    assert columns[rows.argmin()] > columns[rows.argmax()]  # the top leans to the right
    length = np.hypot(np.ptp(rows), np.ptp(columns))
    assert length == pytest.approx(200, abs=3)


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_is_the_same_for_the_same_seed_and_keeps_all_ink_on_the_canvas(name):
    for seed in range(5):
        canvas = draw(SEVEN, CONDITIONS[name], np.random.default_rng(seed))
        again = draw(SEVEN, CONDITIONS[name], np.random.default_rng(seed))
        np.testing.assert_array_equal(canvas, again)
        assert canvas.shape == (280, 280)
        assert canvas.dtype == np.uint8
        edge = np.concatenate([canvas[0], canvas[-1], canvas[:, 0], canvas[:, -1]])
        assert edge.min() > 128


@pytest.mark.parametrize(
    ("name", "side", "pen"),
    [("centred", 196, 20), ("thin", 196, 6), ("fat", 196, 30), ("corner", 78.4, 14)],
)
def test_the_fixed_conditions_have_the_sizes_of_the_table(name, side, pen):
    canvas = draw([[[0, 0], [0, 1000]]], CONDITIONS[name], np.random.default_rng(1))
    left, top, right, bottom = ink_box(canvas)
    assert bottom - top == pytest.approx(side + pen, abs=1)
    assert right - left == pytest.approx(pen, abs=1)
    middle = (left + right) / 2, (top + bottom) / 2
    if name == "corner":
        assert max(middle) < 70
    else:
        assert middle == pytest.approx((140, 140), abs=1)


def test_random_covers_its_ranges():
    rng = np.random.default_rng(1)
    canvases = [draw([[[0, 0], [0, 1000]]], CONDITIONS["random"], rng) for _ in range(200)]
    boxes = np.array([ink_box(canvas) for canvas in canvases])
    pens = boxes[:, 2] - boxes[:, 0]
    sides = boxes[:, 3] - boxes[:, 1] - pens
    assert (pens.min(), pens.max()) == (pytest.approx(8, abs=1), pytest.approx(30, abs=1))
    assert sides.min() == pytest.approx(84, abs=5)
    assert sides.max() == pytest.approx(224, abs=5)
    assert boxes[:, 0].min() < 10
    assert boxes[:, 2].max() > 270
