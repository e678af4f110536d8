"""Drawings become rows, corrections too, and duplicates are found."""

import numpy as np
import pytest

from pages.shared.canvas.examples import example
from recognizer.datasets.corrections import Correction, Corrections, corrected
from recognizer.datasets.rendering import render_drawings
from recognizer.datasets.splits import duplicates
from recognizer.errors import DataError
from recognizer.imaging.strokes import Drawing
from recognizer.records import Digits, join


def drawing(label: str, name: str = "7 with a bar") -> Drawing:
    return Drawing(label, "me", "ours", tuple(np.array(s) for s in example(name, 1000)))


def rows(*values: int) -> Digits:
    images = np.array(values, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    return Digits(images, np.array(values, dtype=np.uint8))


def test_each_rendering_is_another_drawing_in_mnists_form():
    digits = render_drawings([drawing("7")], seed=1, times=5)
    assert digits.labels.tolist() == [7] * 5
    assert len({image.tobytes() for image in digits.images}) == 5
    for image in digits.images:
        rows_inked, columns_inked = np.nonzero(image)
        assert max(np.ptp(rows_inked), np.ptp(columns_inked)) + 1 == 20


def test_the_same_seed_renders_the_same():
    one, other, third = (render_drawings([drawing("7")], seed=s).images for s in (1, 1, 2))
    assert np.array_equal(one, other)
    assert not np.array_equal(one, third)


def test_letters_are_passed_over():
    digits = render_drawings([drawing("A"), drawing("2", "Looped 2")], seed=1)
    assert digits.labels.tolist() == [2]
    with pytest.raises(DataError, match="no drawing of a digit"):
        render_drawings([drawing("A")], seed=1)


def test_corrections_are_rows_and_none_is_told():
    with pytest.raises(DataError, match="Draw page"):
        corrected()
    image = rows(3).images[0]
    Corrections().keep(Correction("id", "2026-01-01", 3, 5, 0.6, "two-block", [], image))
    assert corrected().labels.tolist() == [3]


def test_duplicates_are_rows_with_the_same_pixels():
    assert duplicates(rows(1, 2, 3), rows(3, 4, 1)).tolist() == [True, False, True]


def test_join_keeps_the_order():
    assert join([rows(1, 2), rows(3)]).labels.tolist() == [1, 2, 3]
