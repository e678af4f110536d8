"""Drawings are rewritten as other hands might, and what is no digit is made up."""

import numpy as np
import pytest

from recognizer.imaging import synthesis
from recognizer.imaging.strokes import Drawing
from recognizer.imaging.synthesis import linked, pair, rewritten, scribble, varied, warped

STEM = np.stack([np.full(30, 500.0), np.linspace(0, 1000, 30)], axis=1).astype(np.float32)
RING = 500 + 400 * np.stack(
    [np.cos(np.linspace(0, 2 * np.pi, 40)), np.sin(np.linspace(0, 2 * np.pi, 40))], axis=1
).astype(np.float32)
SEVEN = np.float32([[0, 0], [300, 0], [600, 0], [480, 400], [350, 700], [250, 1000]])


def drawing(label: str, *strokes: np.ndarray) -> Drawing:
    return Drawing(label, "me", "ours", strokes)


def box(strokes: list[np.ndarray]) -> np.ndarray:
    points = np.concatenate(strokes)
    return np.stack([points.min(axis=0), points.max(axis=0)])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def always_styled(monkeypatch) -> None:
    monkeypatch.setattr(synthesis, "STYLED", 1.0)


def test_a_varied_drawing_differs_and_stays_where_and_as_large_as_it_was(rng):
    for _ in range(50):
        moved = varied([RING], rng)
        assert moved[0].dtype == np.float32
        assert not np.array_equal(moved[0][0], RING[0])
        assert np.abs(box(moved) - box([RING])).max() < 600
        assert 0.4 < np.ptp(box(moved), axis=0).max() / 800 < 2


def test_strokes_keep_their_number_and_order_of_time(rng):
    for _ in range(20):
        moved = varied([STEM, RING], rng)
        assert len(moved) == 2
        assert moved[0][0, 1] < moved[0][-1, 1], "the stem still goes down"


def test_a_quick_pen_leaves_fewer_positions_and_always_the_last(rng):
    counts = {len(varied([STEM], rng)[0]) for _ in range(50)}
    assert counts == {30, 16, 11}


def test_a_dot_stays_a_dot(rng):
    (dot,) = varied([np.float32([[500, 500]])], rng)
    assert dot.shape == (1, 2)


def test_the_same_seed_writes_the_same():
    once, again = (varied([RING], np.random.default_rng(3))[0] for _ in range(2))
    assert np.array_equal(once, again)


@pytest.mark.usefixtures("always_styled")
class TestStyles:
    def test_a_zero_gets_a_slash_through_its_middle(self, rng):
        _, slash = rewritten(drawing("0", RING), rng)
        assert slash[0, 0] < slash[-1, 0]
        assert slash[0, 1] > slash[-1, 1], "from the lower left to the upper right"
        assert np.linalg.norm(slash.mean(axis=0) - 500) < 200

    def test_a_seven_of_one_stroke_gets_a_bar_across_its_stem(self, rng, monkeypatch):
        for _ in range(10):
            bar = synthesis._barred([SEVEN], rng)[1]
            (left, y), (right, _) = bar[0], bar[-1]
            stem = np.interp(y, SEVEN[2:, 1], SEVEN[2:, 0])
            assert left < stem < right
            assert 350 < y < 650

    def test_a_bare_one_gets_a_flag_a_foot_or_both(self, rng):
        added = [rewritten(drawing("1", STEM), rng) for _ in range(40)]
        assert {len(strokes) for strokes in added} == {2, 3}

    def test_what_has_its_style_already_keeps_it(self, rng):
        barred = drawing("7", SEVEN, np.float32([[100, 500], [600, 500]]))
        assert len(rewritten(barred, rng)) == 2
        broad = drawing("1", SEVEN)
        assert len(rewritten(broad, rng)) == 1

    def test_other_digits_are_left_alone(self, rng):
        assert len(rewritten(drawing("3", SEVEN), rng)) == 1


def test_without_luck_no_style_is_added(rng, monkeypatch):
    monkeypatch.setattr(synthesis, "STYLED", 0.0)
    assert len(rewritten(drawing("0", RING), rng)) == 1


def test_a_pair_stands_side_by_side(rng):
    strokes = pair([STEM], [RING], rng)
    assert strokes[0].max(axis=0)[0] < strokes[1].min(axis=0)[0]


def test_scribbles_are_of_many_kinds_and_have_ink(rng):
    made = [scribble(rng) for _ in range(60)]
    assert {len(strokes) for strokes in made} == {1, 2}
    for strokes in made:
        assert all(np.isfinite(stroke).all() and len(stroke) > 1 for stroke in strokes)
        assert np.ptp(np.concatenate(strokes), axis=0).max() > 500


def test_a_bent_scan_keeps_its_ink_and_changes_its_shape(rng):
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    bent = [warped(image, rng) for _ in range(20)]
    ink = [one.sum(dtype=int) / image.sum(dtype=int) for one in bent]
    assert min(ink) > 0.6
    assert max(ink) < 1.8
    assert len({one.tobytes() for one in bent}) == 20
    assert not warped(np.zeros((28, 28), np.uint8), rng).any()


def test_a_linked_digit_keeps_its_ink_and_reaches_to_its_neighbours(rng):
    reached = set()
    for _ in range(40):
        before, *rest = linked([SEVEN, STEM], rng)
        after = rest[-1]
        lead, tail = len(before) - len(SEVEN), len(after) - len(STEM)
        assert np.array_equal(before[lead:], SEVEN)
        assert np.array_equal(after[: len(STEM)], STEM)
        if lead:
            assert before[0, 0] < SEVEN[0, 0] - 50  # from the left
        if tail:
            assert after[-1, 0] > STEM[-1, 0] + 50  # to the right
        reached.add((lead > 0, tail > 0))
    assert len(reached) == 4, "before, after, both and neither"
