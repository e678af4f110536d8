"""The shipped default model on the styles that readers of digits stumble over, and on no digits."""

import numpy as np
import pytest

from recognizer.imaging.strokes import render
from recognizer.inference import Recognizer

TURN = np.linspace(0, 2 * np.pi, 40)[:, np.newaxis]
OVAL = [500, 500] + np.hstack([300 * np.sin(TURN), -500 * np.cos(TURN)])  # (40, 2)
STYLES = {  # digit and style -> strokes, the longer side about 1000, y down
    "0, plain": [OVAL],
    "0, slashed": [OVAL, [(180, 960), (820, 40)]],
    "0, slashed within": [OVAL, [(320, 760), (680, 240)]],
    "1, a stroke": [[(500, 0), (490, 1000)]],
    "1, flag": [[(250, 330), (520, 0), (520, 1000)]],
    "1, flag and foot": [[(260, 250), (500, 0), (500, 1000)], [(250, 1000), (760, 1000)]],
    "1, European": [[(100, 520), (330, 300), (560, 0), (560, 500), (550, 1000)]],
    "4, open": [[(250, 0), (180, 550), (850, 540)], [(650, 250), (620, 1000)]],
    "4, closed": [[(620, 1000), (620, 0), (130, 680), (850, 680)]],
    "7, plain": [[(150, 0), (850, 0), (600, 450), (430, 1000)]],
    "7, barred": [[(150, 30), (850, 0), (600, 450), (430, 1000)], [(330, 520), (800, 500)]],
    "7, serif and bar": [
        [(150, 220), (160, 20), (850, 0), (620, 450), (450, 1000)],
        [(340, 520), (800, 500)],
    ],
}
WANDER = np.linspace(0, 12, 60)[:, np.newaxis]
SCRAWL = np.hstack(
    [np.cos(1.9 * WANDER) * (1 + np.cos(0.7 * WANDER)) / 2, np.sin(2.3 * WANDER)],
)  # (60, 2)
NO_DIGITS = {
    "a cross": [[(0, 0), (1000, 1000)], [(1000, 0), (0, 1000)]],
    "a plus": [[(500, 0), (500, 1000)], [(0, 500), (1000, 500)]],
    "a zigzag": [[(x, 700 - 400 * (x // 150 % 2)) for x in range(0, 1000, 150)]],
    "a scrawl": [500 + 450 * SCRAWL],
    "A": [[(100, 1000), (500, 0), (900, 1000)], [(270, 620), (740, 620)]],
    "H": [[(150, 0), (150, 1000)], [(850, 0), (850, 1000)], [(150, 500), (850, 500)]],
    "K": [[(200, 0), (200, 1000)], [(800, 0), (210, 520), (850, 1000)]],
    "M": [[(50, 1000), (150, 0), (500, 700), (850, 0), (950, 1000)]],
    "two digits": [OVAL, [(1150, 0), (1800, 0), (1450, 1000)]],
}
PENS = 8, 14, 20, 28  # pixels of a 280-pixel canvas
SIDES = 90, 150, 220  # pixels
ANGLES = -8, 0, 8  # degrees


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer.load()


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_read_right_with_any_pen_of_any_size_and_a_little_turned(recognizer, style):
    strokes = [np.float32(stroke) for stroke in STYLES[style]]
    wrong = []
    for pen in PENS:
        for side in SIDES:
            for angle in ANGLES:
                reading = recognizer.read(
                    render(strokes, pen=pen, side=side, angle=angle, place=(0.3, 0.6))
                )
                is_blot = 4 * pen > side  # may be doubted
                if str(reading.digit) != style[0] or not (reading.is_digit or is_blot):
                    wrong.append((pen, side, angle, reading.digit, reading.is_digit))
    assert not wrong


@pytest.mark.parametrize("name", NO_DIGITS)
def test_what_is_no_digit_is_doubted(recognizer, name):
    strokes = [np.float32(stroke) for stroke in NO_DIGITS[name]]
    for pen in PENS[:3]:
        for side in SIDES[1:]:
            reading = recognizer.read(render(strokes, pen=pen, side=side))
            assert reading.digit is not None
            assert not reading.is_digit, (pen, side)
