"""Of every kind of picture the digit is found and nothing else; on a canvas all is ink."""

import cv2
import numpy as np
import pytest

from benchmarks.helpers.scenes import KINDS, picture
from recognizer.imaging import ink as found_ink
from recognizer.imaging.decoding import decode_picture
from recognizer.imaging.ink import find_ink
from recognizer.imaging.page import find_page, find_panel, strips
from recognizer.imaging.rules import without_rules
from recognizer.imaging.strokes import render
from recognizer.inference import Recognizer
from recognizer.preprocessing import preprocess, to_mnist

TWO = [[[60, 260], [120, 80], [330, 0], [540, 110], [540, 330], [300, 640], [0, 980], [300, 960],
        [640, 970]]]  # fmt: skip
THREE = [[[60, 120], [260, 0], [520, 120], [470, 370], [230, 470], [520, 560], [600, 800],
          [320, 1000], [0, 880]]]  # fmt: skip
FOUR = [[[350, 0], [0, 620], [700, 600]], [[500, 350], [480, 1000]]]
WRITTEN = {2: TWO, 3: THREE, 4: FOUR}
SEEDS = {2: 5, 3: 6, 4: 9}


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer.load()


@pytest.mark.parametrize("kind", KINDS)
def test_of_every_kind_of_picture_the_digit_is_read(kind, recognizer):
    right = []
    for digit, strokes in WRITTEN.items():
        strokes = [np.float32(stroke) for stroke in strokes]
        for side in (400,):
            data = picture(kind, strokes, np.random.default_rng([SEEDS[digit], side]), side)
            reading = recognizer.read(decode_picture(data))
            right.append(reading.digit == digit)
            assert reading.digit == digit or not reading.is_digit, (digit, side)
    assert sum(right) >= 2, right


def drawn(**options) -> np.ndarray:
    return render([np.float32(stroke) for stroke in TWO], **options)


class TestCanvas:
    """Where the paper is known, all else is ink."""

    def test_a_scribble_that_fills_most_of_the_canvas_is_not_inverted(self):
        scribble = np.full((280, 280), 255, np.uint8)
        scribble[25:255, 25:255] = 0  # 67 % of it
        ink = find_ink(cv2.merge([scribble] * 3), paper=(255, 255, 255)).ink
        np.testing.assert_array_equal(ink, 255 - scribble)
        assert find_ink(np.zeros((280, 280), np.uint8), paper=(255,)).ink.all()

    @pytest.mark.parametrize("pen", [3, 20, 30])
    def test_a_digit_is_the_same_as_without_being_told_the_paper(self, pen):
        canvas = cv2.merge([drawn(pen=pen)] * 3)
        np.testing.assert_array_equal(to_mnist(canvas), to_mnist(canvas, paper=(255, 255, 255)))
        assert preprocess(canvas).removed == ()


class TestPage:
    def test_a_sheet_is_found_by_its_edges_and_a_shadow_is_no_edge(self):
        photo = np.full((480, 640), 60, np.uint8)
        photo[60:420, 100:560] = 200
        sheet = find_page(cv2.GaussianBlur(photo, (0, 0), 1))
        assert sheet is not None
        assert (sheet[photo == 60] > 0).mean() < 0.01
        assert (sheet[photo == 200] > 0).mean() > 0.9
        assert find_page(cv2.GaussianBlur(photo, (0, 0), 12)) is None

    @pytest.mark.parametrize("turns", range(4))
    def test_a_strip_of_four_pixels_is_found_at_any_edge(self, turns):
        mask = np.zeros((260, 200), np.uint8)
        mask = np.ascontiguousarray(np.rot90(mask, turns))
        mask[:4] = 255
        mask[100:140, 60:90] = 255  # ink
        mask = np.ascontiguousarray(np.rot90(mask, -turns))
        found = strips(mask)
        rows = np.nonzero(found)[0]
        assert len(rows) in (4 * 260, 4 * 200)

    def test_a_stroke_that_touches_a_strip_is_left(self):
        mask = np.zeros((260, 200), np.uint8)
        mask[:4] = mask[:120, 90:100] = 255
        assert not strips(mask)[8:].any()

    def test_a_dark_square_is_a_panel_and_a_fat_pen_is_none(self):
        mask = np.zeros((420, 560), np.uint8)
        mask[70:350, 140:420] = 255
        mask[120:300, 260:290] = 0
        assert find_panel(mask) == (140, 70, 280, 280)
        assert find_panel(255 - drawn(pen=40)) is None


class TestRules:
    @pytest.mark.parametrize("tilt", [-4, 0, 2.5])
    def test_lines_across_the_picture_go_and_a_stroke_across_them_stays(self, tilt):
        contrast = np.zeros((480, 640), np.uint8)
        for row in range(60, 480, 70):
            rise = round(np.tan(np.radians(tilt)) * 320)
            cv2.line(contrast, (0, row - rise), (640, row + rise), 90, 2)
        ruled = contrast.copy()
        cv2.line(ruled, (300, 90), (340, 400), 80, 8)  # paler than the rules
        cleared, rules = without_rules(ruled)
        stroke = np.zeros_like(ruled)
        cv2.line(stroke, (300, 90), (340, 400), 255, 4)
        assert (cleared[stroke > 0] > 40).mean() > 0.97
        away = cv2.dilate(stroke, np.ones((41, 41), np.uint8)) == 0
        assert (cleared[away] > 30).mean() < 0.002
        assert (rules[contrast > 0] > 0).mean() > 0.95

    def test_a_long_stroke_is_no_rule(self):
        contrast = np.zeros((480, 640), np.uint8)
        cv2.line(contrast, (150, 200), (480, 190), 200, 6)
        cleared, rules = without_rules(contrast)
        assert not rules.any()
        np.testing.assert_array_equal(cleared, contrast)


class TestAroundADigit:
    def test_a_box_a_circle_and_a_line_below_are_left_out(self):
        clean = to_mnist(drawn(pen=8, side=120))
        box, circle, line = (drawn(pen=8, side=120) for _ in range(3))
        cv2.rectangle(box, (50, 50), (230, 230), 0, 2)
        cv2.circle(circle, (140, 140), 100, 0, 3, cv2.LINE_AA)
        cv2.line(line, (70, 225), (215, 222), 0, 4, cv2.LINE_AA)
        for canvas, named in (
            (box, "a box or circle around the digit"),
            (circle, "a box or circle around the digit"),
            (line, "a line below the digit"),
        ):
            steps = preprocess(canvas)
            assert steps.removed == (named,)
            assert steps.left_out.any()
            assert not (steps.left_out & steps.ink).any()
            np.testing.assert_array_equal(steps.image, clean)

    def test_a_zero_with_a_stroke_in_it_stays_whole(self):
        canvas = np.full((280, 280), 255, np.uint8)
        cv2.ellipse(canvas, (140, 140), (70, 105), 0, 0, 360, 0, 12, cv2.LINE_AA)
        cv2.line(canvas, (105, 190), (175, 90), 0, 12, cv2.LINE_AA)
        assert preprocess(canvas).removed == ()


def test_ink_as_bright_as_its_paper_is_told_by_its_colour():
    rng = np.random.default_rng(1)
    share = (255 - drawn(size=400, pen=24, side=240))[..., None] / 255
    scene = share * (200, 60, 50) + (1 - share) * (84, 124, 90)  # red on green, as bright
    scene = cv2.GaussianBlur(scene + rng.normal(0, 3, scene.shape), (3, 3), 0)
    seen = to_mnist(scene.clip(0, 255).astype(np.uint8))
    expected = to_mnist(drawn(pen=17))
    assert np.corrcoef(seen.ravel(), expected.ravel())[0, 1] > 0.9


def test_where_all_is_a_strip_or_a_rule_it_is_kept():
    corner = np.zeros((280, 280), np.uint8)
    corner[:, :20] = corner[-20:] = 255
    assert find_ink(corner).ink.any()
    assert found_ink.STRIPS not in preprocess(corner).removed


class TestShadow:
    """The edge of a hard shadow is no ink, also where ink runs across it."""

    @pytest.mark.parametrize("board", [230, 60], ids=["dark on paper", "chalk on a board"])
    def test_a_digit_across_a_shadows_edge_is_found_whole(self, board):
        ink = drawn() < 128
        picture = np.full((280, 280), float(board))
        picture[ink] = 40 if board > 128 else 230
        lit = np.clip((np.arange(280) - 140) / 8, -1, 1) * 0.2 + 0.8  # from 0.6 to 1
        noise = np.random.default_rng(1).normal(0, 3, picture.shape)
        photo = (picture * lit + noise).clip(0, 255).astype(np.uint8)
        found = find_ink(cv2.resize(photo, (600, 600), interpolation=cv2.INTER_CUBIC)).ink
        mask = cv2.resize(found, (280, 280), interpolation=cv2.INTER_AREA) > 60
        assert (mask & ink).sum() > 0.9 * ink.sum()
        assert (mask & ~cv2.dilate(ink.astype(np.uint8), np.ones((7, 7))).astype(bool)).sum() == 0

    def test_a_narrow_shadow_along_the_border_is_no_ink(self):
        photo = np.full((400, 400), 220.0)
        photo[:40] *= np.linspace(0.6, 1, 40)[:, None] ** 0.5
        photo += np.random.default_rng(1).normal(0, 2, photo.shape)
        photo[60:330, 190:205] = 50
        x, _, wide, _ = cv2.boundingRect(find_ink(photo.clip(0, 255).astype(np.uint8)).ink)
        assert x > 150
        assert wide < 40


def test_two_lines_below_that_slope_are_left_out():
    canvas = np.full((280, 280), 255, np.uint8)
    cv2.putText(canvas, "3", (90, 170), cv2.FONT_HERSHEY_SIMPLEX, 5, 0, 10)
    for y in (190, 206):
        cv2.line(canvas, (60, y + 6), (220, y), 0, 4)
    found = preprocess(canvas)
    assert found.removed == ("a line below the digit",)
    assert found.box[1] + found.box[3] < 190


def test_a_panel_is_found_where_the_digit_comes_near_its_side():
    page = np.full((300, 225), 255, np.uint8)
    page[30:135, 62:167] = 0
    cv2.line(page, (115, 45), (115, 130), 255, 10)
    x, y, wide, tall = find_panel(255 - page)
    assert (x, y, wide, tall) == (62, 30, 105, 105)


def test_a_strip_that_runs_askew_is_left_out():
    scan = np.full((400, 600), 255, np.uint8)
    cv2.fillPoly(scan, [np.array([(0, 0), (500, 0), (0, 16)])], 20)
    cv2.putText(scan, "2", (280, 260), cv2.FONT_HERSHEY_SIMPLEX, 2, 60, 4)
    found = preprocess(scan)
    assert "a strip or frame at the border" in found.removed
    assert found.box[1] > 100
