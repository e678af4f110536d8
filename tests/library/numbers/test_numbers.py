"""Several digits are found, read and placed, whether drawn or photographed."""

import csv
import io
import itertools
import json
import os
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from recognizer import __main__ as command_line
from recognizer.errors import PictureError, SettingError
from recognizer.inference import Recognizer
from recognizer.numbers import harmless, holds_several, pruning, read_numbers
from recognizer.numbers.ink import find_page_ink
from recognizer.numbers.patterns import ANYTHING, DIGITS, FORMS, LABELS, grammar, literal
from recognizer.numbers.search import Lattice
from recognizer.numbers.synthesis import compose, draw_line

HEIGHT = 100
CASES = Path(os.environ.get("RECOGNIZER_DATA", "nowhere")).parent / "cases" / "pictures"

# Digits as strokes, by hand: straight lines between a few positions, on a field of 60 by 100.
SHAPES = {
    "0": [[(30, 0), (8, 20), (2, 50), (8, 80), (30, 100), (52, 80), (58, 50), (52, 20), (30, 0)]],
    "1": [[(30, 0), (30, 100)]],
    "2": [[(5, 22), (15, 5), (35, 0), (52, 12), (52, 32), (30, 65), (3, 100), (58, 100)]],
    "3": [[(5, 12), (25, 0), (48, 8), (50, 30), (25, 46), (52, 62), (52, 85), (28, 100), (4, 90)]],
    "4": [[(38, 0), (3, 62), (58, 62)], [(42, 40), (42, 100)]],
    "5": [[(10, 0), (8, 42), (35, 38), (54, 55), (52, 85), (28, 100), (4, 90)], [(10, 0), (54, 0)]],
    "6": [[(46, 0), (18, 30), (4, 72), (14, 95), (34, 100), (52, 82), (44, 62), (24, 58), (6, 70)]],
    "7": [[(3, 2), (56, 2), (24, 100)]],
}


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer.load()


def written(text: str, gap: float = 30.0, left: float = 20.0, top: float = 20.0):
    """Return the strokes of a text, and the box of each character, in pixels."""
    strokes, boxes = [], []
    for character in text:
        drawn = [np.array(one, float) for one in MARKS.get(character) or SHAPES[character]]
        points = np.concatenate(drawn)
        shift = np.array([left - points[:, 0].min(), top])
        strokes += [one + shift for one in drawn]
        low, high = points.min(axis=0) + shift, points.max(axis=0) + shift
        boxes.append((*low, *(high - low)))
        left = high[0] + gap
    return strokes, boxes


MARKS = {"-": [[(0, 52), (28, 50)]], "/": [[(45, -5), (0, 108)]]}


@pytest.mark.parametrize("text", ["42", "2026", "7350", "1745203", "100", "27-35", "2/7/45"])
def test_what_is_drawn_is_read_from_the_strokes(recognizer, text):
    strokes, boxes = written(text)
    page = read_numbers(recognizer, None, strokes)
    assert page.text == text
    for character, box in zip(page.lines[0].characters, boxes, strict=True):
        assert np.abs(np.array(character.box) - box).max() <= 2
    assert 0 < page.confidence <= 1


@pytest.mark.parametrize("text", ["42", "2026", "7350", "25-74"])
def test_the_same_is_read_from_the_picture_alone(recognizer, text):
    strokes, boxes = written(text)
    page = read_numbers(recognizer, canvas(strokes))
    assert page.text == text
    for character, box in zip(page.lines[0].characters, boxes, strict=True):
        assert np.abs(np.array(character.box) - box).max() <= 15  # the pen is 10 wide


def canvas(strokes, width=900, height=300, pen=10):
    image = np.full((height, width), 255, np.uint8)
    for stroke in strokes:
        cv2.polylines(image, [stroke.round().astype(np.int32)], False, 0, pen, cv2.LINE_AA)
    return image


@pytest.mark.parametrize(
    ("text", "gap", "length"),
    [
        *[("2035", -2.0, 4), ("2035", 0.0, None)],
        *[("4203", -2.0, None), ("725", 0.0, None)],
    ],
)
def test_digits_that_touch_are_cut_apart(recognizer, text, gap, length):
    strokes, _ = written(text, gap=gap)
    page = read_numbers(recognizer, canvas(strokes, pen=6), length=length)
    assert page.text == text


def test_a_stroke_that_holds_two_digits_is_cut(recognizer):
    strokes, _ = written("20", gap=15)
    joined = [np.concatenate(strokes)]
    assert read_numbers(recognizer, None, joined).text == "20"


def test_linked_digits_are_one_stroke_that_goes_through_both():
    digits = {label: [[np.array(one, float) for one in SHAPES[label]]] for label in "02"}
    apart = compose(digits, "##########", np.random.default_rng(2))
    linked = compose(digits, "##########", np.random.default_rng(2), linked=1.0)
    assert len(apart[1]) == len(apart[0]) == 10
    assert len(linked[1]) < 10
    positions = np.concatenate(linked[1])
    assert len(positions) == sum(len(SHAPES[label][0]) for label in linked[0])


def test_lines_are_read_from_top_to_bottom(recognizer):
    above, _ = written("42", top=20)
    below, _ = written("375", top=200)
    page = read_numbers(recognizer, None, [*below, *above])
    assert [line.text for line in page.lines] == ["42", "375"]
    assert read_numbers(recognizer, canvas([*above, *below], height=340)).text == "42\n375"


def test_strokes_added_later_belong_to_their_digit(recognizer):
    strokes, _ = written("454")
    page = read_numbers(recognizer, None, [*strokes[1:], strokes[0]])
    assert page.text == "454"
    assert page.lines[0].digits[0].strokes == (0, len(strokes) - 1)


@pytest.mark.parametrize("digit", sorted(SHAPES))
def test_one_digit_is_not_taken_for_several(recognizer, digit):
    page = read_numbers(recognizer, None, written(digit)[0])
    assert not holds_several(page)
    assert page.text == digit


def test_two_digits_are_clearly_several(recognizer):
    assert holds_several(read_numbers(recognizer, None, written("42")[0]))


def test_ruling_is_taken_off_and_the_digits_stay(recognizer):
    strokes, _ = written("2375", gap=40)
    image = canvas(strokes)
    for y in range(10, 300, 55):
        cv2.line(image, (0, y), (899, y), 90, 2)
    assert read_numbers(recognizer, image).text == "2375"
    assert find_page_ink(image).ruling > 0.1


def test_digits_in_a_row_of_boxes_are_read(recognizer):
    strokes, _ = written("2375", gap=60, left=60, top=60)
    image = canvas(strokes)
    for x in range(30, 540, 120):
        cv2.rectangle(image, (x, 35), (x + 120, 185), 60, 3)
    assert read_numbers(recognizer, image).text == "2375"


@pytest.mark.parametrize(
    ("name", "text"),
    # The last 9 of the phone number, 1745803269, is not in the picture.
    [("phone_number", "174580326"), ("form_six_boxes", "198407")],
)
def test_photos_are_read(recognizer, name, text):
    if not (CASES / f"{name}.jpg").is_file():
        pytest.skip("the pictures are not here")
    image = cv2.imread(str(CASES / f"{name}.jpg"))[..., ::-1].copy()
    assert read_numbers(recognizer, image).text == text


# The search, against all paths counted one by one.


def all_paths(first, last, grammar):
    """Yield every path of candidates and labels that a grammar allows, from its definition."""
    steps = {}
    for source, label, target in zip(grammar.sources, grammar.labels, grammar.targets, strict=True):
        steps.setdefault(int(source), []).append((int(label), int(target)))
    end = int(last.max())

    def follow(place, state, path):
        if place == end and grammar.final[state]:
            yield path
        for k in np.flatnonzero(first == place):
            for label, target in steps.get(state, []):
                yield from follow(int(last[k]), target, [*path, (int(k), label)])

    yield from follow(0, 0, [])


@pytest.mark.parametrize(
    "allowed", [ANYTHING, grammar(length=2), grammar(pattern="#-#"), literal("1")]
)
def test_the_search_finds_what_trying_all_paths_finds(allowed):
    first, last = np.array([0, 1, 2, 0, 1, 0]), np.array([1, 2, 3, 2, 3, 3])
    scores = np.random.default_rng(2).normal(0, 1, (6, len(LABELS)))
    paths = list(all_paths(first, last, allowed))
    sums = np.array([sum(scores[k, label] for k, label in path) for path in paths])
    lattice = Lattice(first, last, scores, allowed)
    assert lattice.best() == paths[sums.argmax()]
    shares = np.exp(sums - sums.max())
    shares /= shares.sum()
    expected = np.zeros(scores.shape)
    for path, share in zip(paths, shares, strict=True):
        for k, label in path:
            expected[k, label] += share
    found, total = lattice.marginals()
    assert np.allclose(found, expected)
    assert np.isclose(total, np.log(np.exp(sums).sum()))


def accepts(allowed, text):
    """Whether an automaton allows a text, by following its steps."""
    states = {0}
    for character in text:
        label = LABELS.index(character)
        states = {
            int(t)
            for s, one, t in zip(allowed.sources, allowed.labels, allowed.targets, strict=True)
            if int(s) in states and int(one) == label
        }
    return any(allowed.final[state] for state in states)


def test_patterns_and_lengths_allow_what_they_say():
    assert accepts(grammar(pattern="##.#?"), "12.3")
    assert accepts(grammar(pattern="##.#?"), "12.34")
    assert not accepts(grammar(pattern="##.#?"), "12.345")
    assert not accepts(grammar(pattern="##/##"), "12-34")
    for text, right in (("123", True), ("1-2-3", True), ("12", False), ("-123", False)):
        assert accepts(grammar(length=3), text) is right
    dates = next(form for form, marks, _ in FORMS if marks == "/")
    for text, right in (("12/25/96", True), ("1/2", True), ("12", False), ("123/4", False)):
        assert accepts(dates, text) is right


def test_candidates_that_are_left_out_change_no_text(recognizer, monkeypatch):
    drawn = [written(text, gap)[0] for text in ("42", "7350", "2/7/45") for gap in (12.0, 40.0)]
    few = [read_numbers(recognizer, None, strokes) for strokes in drawn]
    monkeypatch.setattr(pruning, "keep", lambda _, found, __: np.ones(len(found), bool))
    every = [read_numbers(recognizer, None, strokes) for strokes in drawn]
    assert [page.text for page in few] == [page.text for page in every]
    for one, other in zip(few, every, strict=True):
        assert abs(one.confidence - other.confidence) < 0.05


def test_a_length_that_is_known_is_obeyed(recognizer):
    strokes, _ = written("1170")
    for length in (3, 4):
        assert len(read_numbers(recognizer, None, strokes, length=length).digits) == length
    assert read_numbers(recognizer, None, strokes, pattern="##/#").text[2] == "/"


# What cannot be read.


@pytest.mark.parametrize(
    "wanted", [{"length": 0}, {"length": 3, "pattern": "###"}, {"pattern": "##x"}, {"pattern": ""}]
)
def test_a_length_or_pattern_that_makes_no_sense_is_named(recognizer, wanted):
    with pytest.raises(SettingError, match="expected"):
        read_numbers(recognizer, None, written("42")[0], **wanted)


@pytest.mark.parametrize(
    "strokes", [[[1, 2, 3]], [np.zeros((0, 2))], [np.full((2, 2), np.nan)], [[(0, 0)]] * 2000, "ab"]
)
def test_strokes_that_are_none_are_named(recognizer, strokes):
    with pytest.raises(PictureError, match="expected"):
        read_numbers(recognizer, None, strokes)


def test_blank_paper_has_no_line(recognizer):
    assert read_numbers(recognizer, np.full((300, 400), 255, np.uint8)).lines == ()
    noisy = np.random.default_rng(1).normal(200, 6, (600, 800, 3)).clip(0, 255).astype(np.uint8)
    assert read_numbers(recognizer, noisy).lines == ()
    assert read_numbers(recognizer, None, []).text == ""


def test_a_page_that_is_upside_down_or_cut_off_is_said_so(recognizer):
    strokes, _ = written("2735427")
    image = canvas(strokes)
    assert read_numbers(recognizer, image).warning == ""
    turned = read_numbers(recognizer, np.ascontiguousarray(image[::-1, ::-1]))
    assert "upside down: turned, it reads 2735427" in turned.warning
    assert turned.is_upside_down
    cut = read_numbers(recognizer, np.ascontiguousarray(image[:, : int(strokes[-1][:, 0].mean())]))
    assert "touches the edge of the picture" in cut.warning


def test_what_is_no_number_is_doubted(recognizer):
    strokes, _ = written("27")
    left, right = strokes[0].min(axis=0), strokes[0].max(axis=0)
    crossing = [np.array([left + [-9, at], [right[0] + 9, right[1] - at]]) for at in (0, 25, 50)]
    back = [
        np.array([[right[0] + 9, left[1] + at], [left[0] - 9, right[1] - at]]) for at in (0, 40)
    ]
    page = read_numbers(recognizer, canvas([*strokes, *crossing, *back], pen=7))
    assert page.confidence < 0.9 or not all(digit.is_digit for digit in page.digits)
    text = np.full((300, 900), 255, np.uint8)
    for y in (60, 130, 200):
        cv2.putText(text, "The quick brown fox jumps", (20, y), 3, 1.6, 0, 2, cv2.LINE_AA)
    page = read_numbers(recognizer, text)
    assert not all(digit.is_digit for digit in page.digits)
    assert not holds_several(page)


def test_two_thousand_specks_end_in_a_sentence_soon(recognizer):
    image = np.full((1200, 1600), 255, np.uint8)
    rng = np.random.default_rng(0)
    for x, y in itertools.product(range(20, 1580, 31), range(20, 1180, 29)):
        cv2.circle(image, (x + int(rng.integers(6)), y + int(rng.integers(6))), 8, 0, 2)
    started = time.process_time()
    with pytest.raises(PictureError, match="2,040 separate marks; expected"):
        read_numbers(recognizer, image)
    assert time.process_time() - started < 30


def test_the_command_line_prints_the_documented_json(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "42.png"), canvas(written("42")[0]))
    assert command_line.main(["read", str(tmp_path / "42.png"), "--several", "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert document["file"].endswith("42.png")
    (line,) = document["lines"]
    assert line["text"] == "42"
    assert set(line) == {"text", "confidence", "digits"}
    assert [one["digit"] for one in line["digits"]] == [4, 2]
    assert set(line["digits"][0]) == {"digit", "confidence", "is_digit", "box"}
    assert len(line["digits"][0]["box"]) == 4


def test_a_table_that_was_cut_off_is_finished_by_the_next_run(tmp_path, capsys):
    for name in ("42", "27", "35"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), canvas(written(name)[0]))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "numbers.csv"
    arguments = ["read", str(tmp_path / "*.png"), "--several", "--out", str(out)]
    assert command_line.main(arguments) == 0
    whole = out.read_text()
    assert [row.split(",")[2] for row in whole.splitlines()[1:4]] == ["27", "35", "42"]
    assert "broken.png" in whole.splitlines()[-1]
    lines = whole.splitlines(keepends=True)
    out.write_text("".join(lines[:2]) + lines[2][:-9])  # killed in the middle of a row
    assert command_line.main(arguments) == 0
    assert out.read_text() == whole
    assert "1 of them by an earlier run" in capsys.readouterr().out


def test_no_file_name_becomes_a_formula_in_a_table(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["=1+1.png", "+1+1.png", "@A1.png", "-1+1.png", "plain.png"]
    for name in names:
        cv2.imwrite(name, canvas(written("42")[0]))
    (tmp_path / "=broken.png").write_bytes(b"no picture")
    arguments = ["read", "--several", "--out", "numbers.csv", "--", *names, "=broken.png"]
    assert command_line.main(arguments) == 0
    whole = (tmp_path / "numbers.csv").read_text()
    _, *rows = csv.reader(io.StringIO(whole))
    assert not [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@"}]
    assert [row[0].removeprefix("'") for row in rows] == [*names, "=broken.png"]
    assert command_line.main(arguments) == 0
    assert "5 of them by an earlier run" in capsys.readouterr().out
    assert (tmp_path / "numbers.csv").read_text() == whole


@pytest.mark.parametrize("number", ["-5", "+5", "-0.25", "679-1238", ""])
def test_a_number_stays_as_it_is_in_a_table(number):
    assert harmless(number) == number


def test_options_for_numbers_need_several(tmp_path, capsys):
    assert command_line.main(["read", "x.png", "--length", "3"]) == 2
    assert "--several" in capsys.readouterr().err


def test_draw_line_has_the_height_that_was_asked_for():
    image = draw_line([np.array([[0.0, 0.0], [50.0, 100.0]])], 60, 6, margin=10)
    rows = np.flatnonzero((image < 128).any(axis=1))
    assert abs(len(rows) - 66) <= 2
    assert DIGITS == 10
