"""The facts and the records that travel between layers, and their JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self, get_origin

import numpy as np

IMAGE_SIZE = 28  # pixels a side, MNIST's
PIXELS = IMAGE_SIZE * IMAGE_SIZE
LABELS = tuple(range(10))
NOT_A_DIGIT = len(LABELS)  # the label of what is none, in what a network learns from
LEFT_OUT = -1  # in the place of a label that someone decides: the row is not learned from
WHITE = 255  # full ink: MNIST is white on black

_JSON_TYPES = {  # what JSON may hold for a field of a type
    int: int, float: (int, float), float | None: (int, float, type(None)),
    str: str, bool: bool, dict: dict,
    int | None: (int, type(None)), str | None: (str, type(None)),
}  # fmt: skip
_LARGEST = 2**53  # up to here a float holds every whole number


class JsonRecord:
    """A dataclass that is kept as JSON; bool is no number here, nor is infinity."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build it from the fields that JSON holds.

        Raises:
            ValueError: a number that is not finite.
            TypeError: a field that is unknown, missing, or of another type.
        """
        check_types(cls, values)
        check_finite(values)
        return cls(**values)


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
        """Return these rows, in this order."""
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
        from_picture, from_path: what the picture alone and the pen's path alone say, where both
            were read; the latter has no image. None where there was only a picture.
    """

    digit: int | None
    confidence: float
    probabilities: tuple[float, ...]
    image: np.ndarray | None
    is_digit: bool
    from_picture: "Reading | None" = None
    from_path: "Reading | None" = None


BLANK = Reading(None, 0.0, (0.0,) * len(LABELS), None, is_digit=False)


@dataclass(frozen=True)
class TrainingConfig(JsonRecord):
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
        validation: share of the other rows that are validated on: they choose the best weights.
        patience: epochs without a better reading after which it stops early; 0: never.
        weight_decay: share of each weight, times the learning rate, taken off in each step.
        plain_epochs: the last epochs, in which images come as they are in spite of `augment`.
        averaging: decay a step of the exponential moving average of the weights that is read,
            chosen from and published; 0: the weights themselves.
        start: the model of the same architecture whose weights it begins with; None: fresh ones.
        teachers: models whose probabilities it learns beside the labels.
        split_seed: of the split alone, so that trainings with other seeds hold out the same rows;
            None: `seed`.
        fold: which part of the rows of that split is held out, from 1: with a share of a fifth the
            parts 1 to 5 are disjoint and together all rows, as in cross-validation.
        decisions: id of what was decided about labels (`audit.decisions.freeze`), which the rows
            trained and validated on follow; None: the labels of the table.
        keep_last: whether the last weights are published, or their mean with those of `start`,
            instead of those that read the validation rows best: where these rows are not what it
            shall get better at.
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
    averaging: float = 0.0
    start: str | None = None
    teachers: tuple[str, ...] = ()
    split_seed: int | None = None
    fold: int = 1
    decisions: str | None = None
    keep_last: bool = False

    @property
    def seed_of_split(self) -> int:
        """The seed that decides which rows are held out, and which are validated on."""
        return self.seed if self.split_seed is None else self.split_seed

    def __post_init__(self) -> None:
        """Make a tuple of the teachers also where they come from JSON."""
        object.__setattr__(self, "teachers", tuple(self.teachers))


@dataclass(frozen=True)
class EpochLog(JsonRecord):
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

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build it as any record, but with any loss: a training that diverged has none."""
        check_types(cls, values)
        return cls(**values)


@dataclass(frozen=True)
class TrainingData(JsonRecord):
    """What a network was trained on.

    Attributes:
        tables: names of its tables, in the order in which they were chosen.
        sha256: of the labels and pixels of the rows that were divided into those trained on and
            those held out, so that the same rows are known under any file name.
        rows: rows in all its files.
        trained_rows: rows trained on.
        licence: of the data, with its source.
    """

    tables: tuple[str, ...]
    sha256: str
    rows: int
    trained_rows: int
    licence: str

    @property
    def name(self) -> str:
        """The names of its tables, for people."""
        return " + ".join(self.tables)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build it as any record; up to format 3 of a card, one text held all names."""
        values = dict(values)
        if "name" in values:
            values["tables"] = values.pop("name").split(" + ")
        tables = tuple(values["tables"])
        if not all(isinstance(table, str) for table in tables):
            raise TypeError(f"tables is {tables!r}, not texts")
        return super().from_dict({**values, "tables": tables})


def check_types(kind: type, values: dict[str, Any]) -> None:
    """Check the plain fields of a record against their types; others are the class's to check.

    Raises:
        TypeError: a field of another type.
    """
    for field in fields(kind):
        accepted = _JSON_TYPES.get(
            field.type if field.type in _JSON_TYPES else get_origin(field.type)
        )
        if accepted is None or field.name not in values:
            continue
        value = values[field.name]
        is_bool = isinstance(value, bool) and field.type is not bool
        holds_others = isinstance(value, dict) and not all(
            isinstance(one, str) for one in value.values()
        )
        if is_bool or holds_others or not isinstance(value, accepted):
            type_name = getattr(field.type, "__name__", field.type)
            raise TypeError(f"{field.name} is {value!r}, not {type_name}")


def check_finite(values: dict[str, Any]) -> None:
    """Check that each number is one to count with.

    Raises:
        ValueError: one that is not.
    """
    for name, value in values.items():
        if isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST:  # nor is nan
            raise ValueError(f"{name} is {value}")


def join(parts: Sequence[Digits]) -> Digits:
    """Return labelled digits one after another."""
    return Digits(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
