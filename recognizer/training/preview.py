"""The making of a model's preview; `python -m recognizer train --recipe preview` runs it.

A small network learns to say what the model says, and to doubt what it doubts, of pen drawings as
the canvas shows them: whole and half-drawn digits, letters, pairs and scribbles. It learns from the
first part of the writers; the threshold of doubt is chosen on the second, and on the third it is
only measured. Some 25 minutes on one core.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from recognizer.errors import StorageError
from recognizer.evaluation import wilson_interval
from recognizer.imaging.strokes import (
    CANVAS_SIZE,
    CONDITIONS,
    Drawing,
    draw,
    read_drawings,
    split_writers,
)
from recognizer.imaging.synthesis import ANYHOW, pair, rewritten, scribble, varied
from recognizer.inference import Recognizer
from recognizer.models.registry import TFLITE_FILE, StoredModel
from recognizer.preprocessing import to_mnist
from recognizer.preview import DISTILLED_FILE, network
from recognizer.preview.network import Preview, said
from recognizer.system.atomic import write_bytes, write_json
from recognizer.training import people
from recognizer.training.people import LETTERS, MORE, PEN

NAME = "preview"
CARD_FILE = "preview.json"  # beside the preview: how it was made, and how well it agrees
DIGIT_REWRITINGS, HALF_DRAWN, LETTER_REWRITINGS = 7, 2, 5  # of each drawing
PAIRS, SCRIBBLES = 6_000, 4_000
HALF = (0.25, 0.95)  # of a half-drawn digit's path that is drawn
COARSE = CANVAS_SIZE // 2  # pixels a side: drawn in a third of the time, and 28 x 28 in the end
CANVAS = 320  # pixels a side of the app's canvas, on which it is measured
CHOICES = 3  # renderings of each drawing of the second part that the threshold is chosen on


@dataclass(frozen=True)
class Agreement:
    """How often a preview says what its model does, a doubt counted as a digit of its own.

    Attributes:
        share: of the drawings.
        n: number of drawings.
        interval: 95 % Wilson interval of the share.
    """

    share: float
    n: int
    interval: tuple[float, float]


def make(model: StoredModel, data: Path, *, seed: int, report: Callable[[str], None]) -> Agreement:
    """Distil a model's preview and write it, with its card, into the model's folder.

    Args:
        model: the teacher.
        data: folder with the drawings of digits and letters.
        seed: of everything.
        report: called with a line on how it goes.

    Returns:
        Its agreement on drawings by the third part of the writers.

    Raises:
        DataError: a file is missing or damaged.
        StorageError: the model's folder cannot be written to.
    """
    digits, letters = (read_parts(data, name) for name in (PEN, LETTERS))
    recognizer = Recognizer(model.tflite, model.card)
    report("Drawing what it learns from, and reading it with the model; that takes some minutes.")
    images = pictures(digits[0], letters[0], seed=seed)
    teacher = outputs(recognizer, images)
    from recognizer.training import preview_student  # takes seconds, only who makes one needs it

    report(f"{len(images):,} drawings, {preview_student.EPOCHS} epochs.")
    started = time.monotonic()
    for epoch in preview_student.distil(images, teacher, seed=seed):
        report(f"epoch {epoch.number}  loss {epoch.loss:.4f}  {time.monotonic() - started:.0f} s")
    preview = with_threshold(recognizer, epoch.layers, [*digits[1], *letters[1]])
    file = network.pack(preview)
    more = read_parts(data, MORE)[2] if (data / MORE).is_file() else []  # measured too
    measured = agreement(recognizer, network.unpack(file), [*digits[2], *letters[2], *more])
    card = {
        "teacher": model.name,
        "sha256": preview.sha256,
        "seed": seed,
        "drawings": len(images),
        "epochs": preview_student.EPOCHS,
        "agreement": asdict(measured),
        "data": f"{PEN}, {LETTERS}: first part of the writers to learn from, third to measure",
        "bytes": len(file),
    }
    _write(model, file, card)
    return measured


def pictures(digits: Sequence[Drawing], letters: Sequence[Drawing], *, seed: int) -> np.ndarray:
    """Return what the network learns from, (n, 28, 28) uint8, in MNIST's form.

    Args:
        digits: drawings of digits by people of the first part.
        letters: drawings of letters by people of the first part.
        seed: of everything.
    """
    rng = np.random.default_rng(seed)
    images = (
        to_mnist(draw(strokes, ANYHOW, rng, size=COARSE), paper=(255,))
        for strokes in _strokes(digits, letters, rng)
    )
    return np.stack([image for image in images if image is not None])


def half_drawn(strokes: Sequence[np.ndarray], share: float) -> list[np.ndarray]:
    """Return the first part of a drawing, as it is while the pen moves.

    Args:
        strokes: in drawing order.
        share: of the positions that are kept, over 0; at least one is.
    """
    left = max(1, round(share * sum(map(len, strokes))))
    kept = []
    for stroke in strokes:
        if left <= 0:
            break
        kept.append(stroke[:left])
        left -= len(stroke)
    return kept


def outputs(recognizer: Recognizer, images: np.ndarray) -> np.ndarray:
    """Return a model's 11 probabilities, (n, 11); of one with 10 outputs, the last is 0."""
    probabilities, scores = recognizer.predict_scored(images)
    if recognizer.card.rejection is None:
        scores = np.ones(len(images), np.float32)
    return np.column_stack([probabilities * scores[:, np.newaxis], 1 - scores])


def with_threshold(
    recognizer: Recognizer, layers: Sequence[network.Layer], chosen_on: Sequence[Drawing]
) -> Preview:
    """Return the preview with the threshold of doubt by which it agrees with the model most."""
    images = np.concatenate([rendered(chosen_on, seed) for seed in range(CHOICES)])
    card = recognizer.card
    preview = Preview(card.name, card.sha256[TFLITE_FILE], 0.0, layers)
    ours, theirs = preview.outputs(images), _said_by(recognizer, images)
    usual = 0.0 if card.rejection is None else card.rejection.threshold
    choices = [usual, *np.linspace(0, 1, 201)] if card.rejection else [usual]
    agreeing = [float((said(ours, one) == theirs).mean()) for one in choices]
    best = max(agreeing)
    near = (one for one, share in zip(choices, agreeing, strict=True) if share == best)
    threshold = min(near, key=lambda one: abs(one - usual))
    return Preview(preview.teacher, preview.sha256, float(threshold), layers)


def agreement(
    recognizer: Recognizer, preview: Preview, drawings: Sequence[Drawing], seed: int = 9
) -> Agreement:
    """Measure how often a preview says what its model does of drawings on the canvas."""
    images = rendered(drawings, seed)
    same = int((preview.said(images) == _said_by(recognizer, images)).sum())
    return Agreement(same / len(images), len(images), wilson_interval(same, len(images)))


def rendered(drawings: Sequence[Drawing], seed: int) -> np.ndarray:
    """Return what the app sees of drawings on its canvas, (n, 28, 28) uint8."""
    rng = np.random.default_rng(seed)
    condition = CONDITIONS["random"]
    return np.stack(
        [to_mnist(draw(one.strokes, condition, rng, size=CANVAS), paper=(255,)) for one in drawings]
    )


def _said_by(recognizer: Recognizer, images: np.ndarray) -> np.ndarray:
    rejection = recognizer.card.rejection
    return said(outputs(recognizer, images), 0.0 if rejection is None else rejection.threshold)


def _strokes(
    digits: Sequence[Drawing], letters: Sequence[Drawing], rng: np.random.Generator
) -> Iterator[Sequence[np.ndarray]]:
    for digit in digits:
        for _ in range(DIGIT_REWRITINGS):
            yield rewritten(digit, rng)
        for _ in range(HALF_DRAWN):
            yield half_drawn(rewritten(digit, rng), rng.uniform(*HALF))
    for letter in letters:
        for _ in range(LETTER_REWRITINGS):
            yield varied(letter.strokes, rng)
    for _ in range(PAIRS):
        first, second = rng.integers(len(digits), size=2)
        yield varied(pair(digits[first].strokes, digits[second].strokes, rng), rng)
    for _ in range(SCRIBBLES):
        yield scribble(rng)


def read_parts(data: Path, name: str) -> tuple[list[Drawing], ...]:
    """Return the drawings of a file by the three parts of the writers; see `split_writers`."""
    people.check(data, [name])
    return split_writers(read_drawings(data / name))


def _write(model: StoredModel, file: bytes, card: dict) -> None:
    try:
        write_bytes(model.folder / DISTILLED_FILE, file)
        write_json(model.folder / CARD_FILE, card)
    except OSError as error:
        raise StorageError(
            f"{model.folder} cannot be written to ({error.strerror or error}): the preview belongs "
            "into the model's folder; make that writable."
        ) from error
