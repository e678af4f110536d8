"""Reads several digits: candidates, one batch through the network, and the best division."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from recognizer import trajectory
from recognizer.errors import PictureError
from recognizer.inference import Recognizer
from recognizer.inference.recognizer import FEW
from recognizer.numbers import features, pruning, scoring
from recognizer.numbers.components import component_lines
from recognizer.numbers.ink import PageInk, find_page_ink
from recognizer.numbers.lines import find_lines
from recognizer.numbers.patterns import ANYTHING, DIGITS, FORMS, LABELS, Grammar, grammar
from recognizer.numbers.pieces import Candidates, Pieces, candidates, draw, read_candidates
from recognizer.numbers.results import Box, Digit, Line, Page, Separator
from recognizer.numbers.search import Lattice
from recognizer.numbers.strokes import stroke_pieces

Read = tuple[np.ndarray, np.ndarray]  # probabilities, (m, 10), and digit scores, (m,)

MOST_CANDIDATES = 3_000  # of one picture: reading them takes about a second
MOST_OF_INKS = 20_000  # likewise, of all pictures whose ink is known
_SURE = 0.85  # mean confidence below which a picture is tried upside down
_SURER = 0.1  # by which the mean confidence must be higher then
_FEW = 3  # digits: fewer may look like others upside down
_CROSSES = 0.03  # line heights: what is nearer to its neighbour touches it
_RARELY = 4.0  # by how much less likely a stroke that touches a digit is a dash
_FULL = 160  # images from which a batch is quicker than one at a time
_UNLIKELY = (
    -4.0
)  # a mark is not looked for where no candidate's score is nearer to its best label's


def read_numbers(
    recognizer: Recognizer,
    image: np.ndarray | None,
    strokes: Sequence[np.ndarray] | None = None,
    length: int | None = None,
    pattern: str | None = None,
) -> Page:
    """Read all digits of a drawing or a photo, with the separators - / . , : between them.

    Args:
        recognizer: the model that reads each candidate.
        image: array of shape (H, W), (H, W, 3) or (H, W, 4), uint8. Not looked at, and may be
            None, where strokes are given.
        strokes: the drawing's strokes in drawing order, arrays of shape (n, 2), n at least 1, in
            pixels of the image: they tell more than the picture. None for a picture.
        length: number of digits in each line, where it is known.
        pattern: what each line looks like, where it is known: # for a digit, ? for a digit or
            none, and - / . , : for themselves, such as `##.##`.

    Returns:
        The lines, from top to bottom; none where nothing is written.

    Raises:
        PictureError: the image or the strokes are not as above, or hold too much to be numbers.
        SettingError: the length or the pattern is not as above, or both are given.
    """
    allowed = grammar(length, pattern)
    if strokes is not None:
        drawn = trajectory.check_strokes(strokes)
        return _page(_read(recognizer, drawn_lines(drawn), "drawn", allowed, _same))
    check_image(image)
    page = _read_picture(recognizer, image, allowed)
    if _mean(page) >= _SURE or len(page.digits) < _FEW:
        return page
    turned = _read_picture(recognizer, np.ascontiguousarray(image[::-1, ::-1]), allowed)
    if _mean(turned) >= _mean(page) + _SURER:
        text = " / ".join(turned.text.split("\n"))[:60]
        warning = f"The picture seems to be upside down: turned, it reads {text}."
        return replace(page, warning=warning, is_upside_down=True)
    return page


def read_inks(recognizer: Recognizer, inks: Sequence[np.ndarray]) -> list[Page]:
    """Read pictures of numbers whose ink is known, all of them in one call of the network.

    Args:
        recognizer: the model that reads each candidate.
        inks: arrays of shape (h, w), uint8, 255 where ink is fullest, 0 on paper.

    Returns:
        A page for each; boxes are in its pixels.

    Raises:
        PictureError: they hold too much to be numbers.
    """
    lines = [component_lines(ink) for ink in inks]
    whole = [line for of_one in lines for line in of_one]
    read = iter(_read(recognizer, whole, "photographed", ANYTHING, _same, MOST_OF_INKS))
    return [_page([next(read) for _ in of_one]) for of_one in lines]


def _read_picture(recognizer: Recognizer, image: np.ndarray, allowed: Grammar) -> Page:
    """Return the lines of a picture, with a warning where a digit may be cut off at its edge."""
    found = find_page_ink(image)
    if found is None:
        return Page(())
    pieces = component_lines(found.ink)
    page = _page(_read(recognizer, pieces, "photographed", allowed, lambda box: _back(box, found)))
    height, width = image.shape[:2]
    for digit in page.digits:
        x, y, wide, tall = digit.box
        if x <= 1 or y <= 1 or x + wide >= width - 1 or y + tall >= height - 1:
            warning = f"The {digit.reading} touches the edge of the picture: it may be cut off."
            return replace(page, warning=warning)
    return page


def _mean(page: Page) -> float:
    """Return the mean confidence of a page's digits, 0 without any."""
    return float(np.mean([digit.confidence for digit in page.digits] or [0.0]))


def check_image(image: object) -> None:
    """Raise PictureError where something is no picture that `read_numbers` takes."""
    is_image = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.size
    if not is_image or image.ndim not in (2, 3) or image.shape[2:] not in ((), (1,), (3,), (4,)):
        received = getattr(image, "shape", type(image).__name__)
        raise PictureError(
            f"The picture is {received}; expected a uint8 array of shape (H, W), (H, W, 3) or "
            "(H, W, 4): convert it first."
        )


def drawn_lines(strokes: list[np.ndarray]) -> list[Pieces]:
    """Return each line's pieces, from top to bottom."""
    if not strokes:
        return []
    boxes = np.array([np.concatenate([s.min(axis=0), s.max(axis=0)]) for s in strokes])
    return [
        stroke_pieces([strokes[i] for i in row.members], row.height, row.slope, row.members)
        for row in find_lines(boxes)
    ]


def _read(
    recognizer, lines: list[Pieces], mode: str, allowed: Grammar, place, most=MOST_CANDIDATES
) -> list[Line | None]:
    """Return what the lines say; all their candidates go through the network at once.

    Raises:
        PictureError: there are more than `most` candidates.
    """
    found = [candidates(pieces) for pieces in lines]
    count = sum(map(len, found))
    if not count:
        return []
    if count > most:
        raise PictureError(
            f"The picture holds {count:,} marks that may be digits; expected a few lines of "
            f"digits, at most {most:,} marks: crop it to the digits."
        )
    measured = [features.measure_geometry(*one) for one in zip(lines, found, strict=True)]
    if mode == "drawn" and allowed is ANYTHING:  # else an unlikely path may be asked for
        kept = [pruning.keep(*one) for one in zip(lines, found, measured, strict=True)]
        found = [one.take(keep) for one, keep in zip(found, kept, strict=True)]
        measured = [one[keep] for one, keep in zip(measured, kept, strict=True)]
    images = np.concatenate([draw(*one) for one in zip(lines, found, strict=True)])
    probabilities, looks = _network(recognizer, images)
    read, start = [], 0
    for pieces, one, geometry in zip(lines, found, measured, strict=True):
        part = slice(start, start + len(one))
        start += len(one)
        seen = probabilities[part], looks[part]
        reading = _Reading(pieces, one, geometry, images[part], seen, recognizer.card.rejection)
        read.append(reading.line(mode, allowed, place))
    return read


def _page(lines: Iterable[Line | None], warning: str = "") -> Page:
    """Return a page of the lines that say something."""
    return Page(tuple(line for line in lines if line), warning)


def _network(recognizer: Recognizer, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the network reads; a batch that it would fill up with blanks is read in parts."""
    if len(images) > _FULL:
        return recognizer.predict_scored(images)
    parts = [recognizer.predict_scored(images[i : i + FEW]) for i in range(0, len(images), FEW)]
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


class _Reading:
    """One line's candidates with what the network read in them."""

    def __init__(
        self, pieces: Pieces, found: Candidates, geometry, images, seen: Read, rejection
    ) -> None:
        self._pieces, self._found = pieces, found
        self._geometry, self._images = geometry, images
        self._probabilities, looks = seen
        self._readings = [seen]
        threshold = 0.0 if rejection is None else rejection.threshold
        self._is_digit = looks >= threshold
        if pieces.paths is not None:
            path = read_candidates(pieces, found)
            self._readings.append(path)
            self._probabilities = trajectory.join(self._probabilities, path[0])
            if rejection is not None:
                self._is_digit = trajectory.is_digit(looks, threshold, path[1])

    def line(self, mode: str, allowed: Grammar, place) -> Line | None:
        """Return the best division that the grammar allows; None where it allows none."""
        found = self._found
        inputs = scoring.inputs(features.measure(self._geometry, self._images), *self._readings)
        scores = scoring.load(mode).scores(inputs)
        if mode == "drawn":  # the bar of a 7 crosses it; a dash stands by itself
            crosses = (inputs[:, features.AWAY] < _CROSSES).any(axis=1)
            scores[crosses, LABELS.index("-")] -= _RARELY
        lattice = Lattice(found.first, found.last, scores, allowed)
        path = lattice.best() if allowed is not ANYTHING else self._of_usual_form(scores)
        if not path:
            return None
        shares, _ = lattice.marginals()
        whole = found.last - found.first == len(self._pieces)
        return Line(
            tuple(self._character(k, label, shares[k, label], place) for k, label in path),
            several=1 - min(1.0, float(shares[whole].sum())),
        )

    def _of_usual_form(self, scores: np.ndarray) -> list[tuple[int, int]]:
        """Return the best path of all forms that numbers usually have, and of any other."""
        best, path = -np.inf, []
        margins = scores[:, DIGITS:] - scores.max(axis=1, keepdims=True)  # (m, marks), at most 0
        likely = {LABELS[DIGITS + mark] for mark in np.flatnonzero(margins.max(axis=0) > _UNLIKELY)}
        for form, marks, prior in FORMS:
            if marks and not likely & set(marks):
                continue
            one = Lattice(self._found.first, self._found.last, scores, form).best()
            total = prior + sum(scores[k, label] for k, label in one)
            if one and total > best:
                best, path = total, one
        return path

    def _character(self, k: int, label: int, share: float, place) -> Digit | Separator:
        box = place(self._found.boxes[k])
        confidence = min(1.0, float(share))
        if label >= DIGITS:
            return Separator(LABELS[label], confidence, box)
        return Digit(
            reading=label,
            confidence=confidence,
            is_digit=bool(self._is_digit[k]),
            box=box,
            probabilities=tuple(map(float, self._probabilities[k])),
            image=self._images[k],
            strokes=self._pieces.strokes(int(self._found.first[k]), int(self._found.last[k])),
        )


def _same(box: np.ndarray) -> Box:
    left, top = np.floor(box[:2]).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    return int(left), int(top), int(right - left), int(bottom - top)


def _back(box: np.ndarray, page: PageInk) -> Box:
    """Return the box around a box of the level page in the picture's own pixels."""
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float32)
    placed = cv2.transform(corners[None], page.back)[0]
    return _same(np.concatenate([placed.min(axis=0), placed.max(axis=0)]).clip(0))
