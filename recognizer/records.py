"""The facts and the records that travel between layers, and their JSON."""

import json
import operator
from dataclasses import asdict, dataclass, fields
from typing import Any, get_origin

import numpy as np

from recognizer.errors import ModelError, reason

IMAGE_SIZE = 28  # pixels a side, MNIST's
PIXELS = IMAGE_SIZE * IMAGE_SIZE
LABELS = tuple(range(10))
NOT_A_DIGIT = len(LABELS)  # the label of what is none, in what a network learns from
WHITE = 255  # full ink: MNIST is white on black

_PLAIN = {  # JSON's kinds for a field's
    int: int, float: (int, float), float | None: (int, float, type(None)),
    str: str, bool: bool, dict: dict,
}  # fmt: skip
_MALFORMED = (  # what reading a card that is none raises
    ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip
_LARGEST = 2**53  # up to which floats count by ones
CARD_FORMAT = 3  # raised when an older app could no longer read the card


@dataclass(frozen=True, eq=False)
class Digits:
    """A table of digits in MNIST's form.

    Attributes:
        images: array of shape (n, 28, 28), uint8, white ink on black.
        labels: array of shape (n,), uint8, 0 to 9; None where the file has none. In what is only
            trained on, `NOT_A_DIGIT` too.
    """

    images: np.ndarray
    labels: np.ndarray | None

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: np.ndarray) -> "Digits":
        """Return the given rows, in the given order."""
        return Digits(self.images[rows], None if self.labels is None else self.labels[rows])


@dataclass(frozen=True, eq=False)
class Reading:
    """What a model read in one drawing.

    Attributes:
        digit: 0 to 9; None when the drawing is blank.
        confidence: probability of that digit, 0 to 1; 0 when blank.
        probabilities: ten values that sum to 1; all 0 when blank.
        image: array of shape (28, 28), uint8, what the model saw; None when blank.
        is_digit: whether the drawing looks like a digit at all.
    """

    digit: int | None
    confidence: float
    probabilities: tuple[float, ...]
    image: np.ndarray | None
    is_digit: bool


BLANK = Reading(None, 0.0, (0.0,) * len(LABELS), None, is_digit=False)


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes:
        architecture: a name in `ARCHITECTURES`.
        epochs: passes over the training rows.
        batch_size: images a step.
        learning_rate: the largest of the schedule.
        schedule: "one-cycle" (a rise, then half a cosine down to zero) or "constant".
        seed: of the split, the first weights, the order of the rows and the augmentation.
        augment: whether images are turned, slanted, zoomed, shifted and thickened a little.
        held_out: share of the rows that only measure the finished network.
        validation: share of the other rows that watch the training: they choose the best weights.
        patience: epochs without a better reading after which it stops early; 0: never.
        weight_decay: share of each weight, times the learning rate, taken off in each step.
        plain_epochs: the last epochs, in which images come as they are in spite of `augment`.
    """

    architecture: str
    epochs: int = 12
    batch_size: int = 128
    learning_rate: float = 2e-3
    schedule: str = "one-cycle"
    seed: int = 1
    augment: bool = True
    held_out: float = 0.1
    validation: float = 0.05
    patience: int = 0
    weight_decay: float = 0.0
    plain_epochs: int = 0


@dataclass(frozen=True)
class EpochLog:
    """One pass over the training rows.

    Attributes:
        epoch: from 1.
        loss: mean cross-entropy over the epoch's batches, in nats.
        accuracy: share of the epoch's (augmented) images read right while training.
        seconds: time taken, readings included.
        validation_loss: on the validation rows after the epoch; None in cards of older trainings.
        validation_accuracy: likewise.
    """

    epoch: int
    loss: float
    accuracy: float
    seconds: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class TrainingData:
    """What a network was trained on.

    Attributes:
        name: the file's name.
        sha256: of the labels and pixels of the rows that were divided into those trained on and
            those held out, so that the same rows are known under any file name.
        rows: rows in all its files.
        trained_rows: rows trained on.
        licence: of the data, with its source.
    """

    name: str
    sha256: str
    rows: int
    trained_rows: int
    licence: str


@dataclass(frozen=True)
class Drawn:
    """How a model reads pen drawings of people whom it has not seen, through the whole app.

    Attributes:
        accuracy: share read right.
        n: number of drawings.
        interval: 95 % Wilson interval of the accuracy.
        condition: how they were drawn, a name in `drawings.CONDITIONS`.
        data: their file, and which part of it.
    """

    accuracy: float
    n: int
    interval: tuple[float, float]
    condition: str
    data: str


@dataclass(frozen=True)
class Doubt:
    """From where on a model says that a drawing does not look like a digit.

    Attributes:
        threshold: a smaller `Recognizer.digit_scores` is doubted.
        digits: share of drawn digits doubted, of people who set no threshold.
        digits_n: number of these digits.
        others: share of drawn letters doubted, likewise.
        others_n: number of these letters.
    """

    threshold: float
    digits: float
    digits_n: int
    others: float
    others_n: int


@dataclass(frozen=True)
class ModelCard:
    """How a model was made and how well it reads: `card.json` beside its weights.

    Attributes:
        name: of the model, and of its folder.
        architecture: a name in `ARCHITECTURES`.
        parameters: weights that training sets.
        accuracy: share of the held-out rows read right; they chose nothing in the training.
        n: number of held-out rows.
        interval: 95 % Wilson interval of the accuracy.
        data: what it was trained on.
        config: how it was trained.
        history: one log an epoch.
        created: day and time in UTC, ISO 8601.
        hardware: class of the machine that trained it.
        versions: of Python and the libraries that trained it.
        sha256: of each file of weights, by file name: they belong to this card.
        drawn: how it reads pen drawings, where that was measured.
        doubt: how it tells what is no digit, where it learned to.
        confusion: of the held-out rows; ten tuples, one for each true digit, of how many of it were
            read as 0, 1 and so on; None in cards of older trainings.
        temperature: what its logits were divided by at the end, so that its probabilities hold on
            the validation rows; 1 where they were not.
        format: of this card.
    """

    name: str
    architecture: str
    parameters: int
    accuracy: float
    n: int
    interval: tuple[float, float]
    data: TrainingData
    config: TrainingConfig
    history: tuple[EpochLog, ...]
    created: str
    hardware: str
    versions: dict[str, str]
    sha256: dict[str, str]
    drawn: Drawn | None = None
    doubt: Doubt | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    temperature: float = 1.0
    format: int = CARD_FORMAT

    def to_json(self) -> str:
        """Return the card as indented JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Read a card.

        Raises:
            ModelError: not JSON, a field missing or of another kind, or a newer format.
        """
        try:
            values = json.loads(text)
            if values.get("format", 0) > CARD_FORMAT:
                raise ModelError(
                    f"The card is of format {str(values['format'])[:20]}, this app reads up to "
                    f"{CARD_FORMAT}: update the app."
                )
            values["data"] = record(TrainingData, values["data"])
            values["config"] = record(TrainingConfig, values["config"])
            values["history"] = tuple(record(EpochLog, log) for log in values["history"])
            values["interval"] = _interval(values["interval"])
            if values.get("drawn") is not None:
                values["drawn"] = record(Drawn, values["drawn"])
            if values.get("doubt") is not None:
                values["doubt"] = record(Doubt, values["doubt"])
            if values.get("confusion") is not None:
                values["confusion"] = _confusion(values["confusion"], values["n"])
            if not 0 <= values["accuracy"] <= 1:
                raise ValueError(f"accuracy is {values['accuracy']}, not a share")
            return record(cls, values)
        except _MALFORMED as error:
            raise ModelError(
                f"The card is not one of ours ({reason(error)}): restore card.json or train again."
            ) from error


def _interval(values: Any) -> tuple[float, float]:
    low, high = map(float, values)
    if not 0 <= low <= high <= 1:  # nor is one of them nan
        raise ValueError(f"interval is from {low} to {high}, not of shares")
    return low, high


def _confusion(rows: Any, n: int) -> tuple[tuple[int, ...], ...]:
    counts = tuple(tuple(map(operator.index, row)) for row in rows)
    if [len(row) for row in counts] != [len(LABELS)] * len(LABELS):
        raise ValueError("confusion is not of ten digits by ten")
    if min(map(min, counts)) < 0 or sum(map(sum, counts)) != n:
        raise ValueError(f"confusion does not count {n} rows")
    return counts


def record(kind: type, values: dict[str, Any]) -> Any:
    """Build a record of what JSON holds; bool is no number here, nor infinity.

    Raises:
        ValueError: a number that is none.
        TypeError: another field, one missing, or a plain one of another kind.
    """
    for field in fields(kind):
        value = values.get(field.name)
        accepted = _PLAIN.get(field.type if field.type in _PLAIN else get_origin(field.type))
        is_bool = isinstance(value, bool) and field.type is not bool
        holds_others = isinstance(value, dict) and not all(
            isinstance(one, str) for one in value.values()
        )
        is_plain = not accepted or (isinstance(value, accepted) and not (is_bool or holds_others))
        if field.name in values and not is_plain:
            kind_name = getattr(field.type, "__name__", field.type)
            raise TypeError(f"{field.name} is {value!r}, not {kind_name}")
        is_number = isinstance(value, int | float) and kind is not EpochLog
        if is_number and not -_LARGEST <= value <= _LARGEST:  # nor is nan
            raise ValueError(f"{field.name} is {value}")  # a loss may be, where it diverged
    if kind is Drawn:
        values = {**values, "interval": _interval(values["interval"])}
    return kind(**values)
