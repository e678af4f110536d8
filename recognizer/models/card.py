"""A model's card: how it was trained, how it was measured, and its JSON."""

import json
import operator
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from recognizer.errors import ModelError, reason
from recognizer.records import LABELS, EpochLog, JsonRecord, TrainingConfig, TrainingData

CARD_FORMAT = 6  # raised when an older app could no longer read the card


@dataclass(frozen=True)
class Drawn(JsonRecord):
    """How a model reads pen drawings of people whom it has not seen, through the whole app.

    Attributes:
        accuracy: share read right.
        n: number of drawings.
        interval: 95 % Wilson interval of the accuracy.
        condition: how they were drawn, a name in `imaging.strokes.CONDITIONS`.
        data: their file, and which part of it.
    """

    accuracy: float
    n: int
    interval: tuple[float, float]
    condition: str
    data: str

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build it as any record, and check its interval."""
        return super().from_dict({**values, "interval": _interval(values["interval"])})


@dataclass(frozen=True)
class RejectionThreshold(JsonRecord):
    """The score below which a model says that a drawing does not look like a digit.

    Attributes:
        threshold: a smaller `Recognizer.digit_scores` is rejected.
        digits: share of drawn digits rejected, of people on whose drawings it was not chosen.
        digits_n: number of these digits.
        others: share of drawn letters rejected, likewise.
        others_n: number of these letters; 0 where that was not measured.
    """

    threshold: float
    digits: float
    digits_n: int
    others: float
    others_n: int


@dataclass(frozen=True)
class Change(JsonRecord):
    """What going on from a model changed, on one kind of digits that chose nothing.

    Attributes:
        data: what they are, for people.
        n: number of digits.
        before: how many the model that it started from read right.
        after: how many the trained model does.
    """

    data: str
    n: int
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.before:,} → {self.after:,} of {self.n:,} {self.data}"


@dataclass(frozen=True)
class ModelCard(JsonRecord):
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
        rejection: the threshold below which it rejects a drawing as no digit, where it has one.
        confusion: of the held-out rows; ten tuples, one for each true digit, of how many of it were
            read as 0, 1 and so on; None in cards of older trainings.
        temperature: what its logits were divided by at the end, so that its probabilities hold on
            the validation rows; 1 where they were not.
        changes: what it reads before and after, where it went on from a model: `config.start`.
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
    rejection: RejectionThreshold | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    temperature: float = 1.0
    changes: tuple[Change, ...] = ()
    format: int = CARD_FORMAT

    def to_json(self) -> str:
        """Return the card as indented JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Read a card.

        Raises:
            ModelError: not JSON, a field missing or of another type, or a newer format.
        """
        try:
            values = json.loads(text)
            if values.get("format", 0) > CARD_FORMAT:
                raise ModelError(
                    f"The card is of format {str(values['format'])[:20]}, this app reads up to "
                    f"{CARD_FORMAT}: update the app."
                )
            return cls.from_dict(values)
        except ModelError:
            raise
        except Exception as error:  # whatever a damaged file makes of it
            raise ModelError(
                f"The card is not one of ours ({reason(error)}): restore card.json or train again."
            ) from error

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build it as any record, with the records that it holds; older formats too."""
        values = dict(values)
        if "doubt" in values:  # the name up to format 3
            values["rejection"] = values.pop("doubt")
        values["data"] = TrainingData.from_dict(values["data"])
        values["config"] = TrainingConfig.from_dict(values["config"])
        values["history"] = tuple(map(EpochLog.from_dict, values["history"]))
        values["interval"] = _interval(values["interval"])
        if values.get("drawn") is not None:
            values["drawn"] = Drawn.from_dict(values["drawn"])
        if values.get("rejection") is not None:
            values["rejection"] = RejectionThreshold.from_dict(values["rejection"])
        if values.get("confusion") is not None:
            values["confusion"] = _confusion(values["confusion"], values["n"])
        values["changes"] = tuple(map(Change.from_dict, values.get("changes", ())))
        if not 0 <= values["accuracy"] <= 1:
            raise ValueError(f"accuracy is {values['accuracy']}, not a share")
        return super().from_dict(values)


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


def seed_groups(cards: Iterable[ModelCard]) -> list[list[ModelCard]]:
    """Return groups of cards that differ in their seed only, of two seeds or more.

    The data's hash covers the rows that were split; tables and rows cover those beside them.
    """
    found: dict[tuple, list[ModelCard]] = {}
    for card in cards:
        data = (card.data.sha256, card.data.tables, card.data.rows)
        found.setdefault((replace(card.config, seed=0), *data), []).append(card)
    return [group for group in found.values() if len({one.config.seed for one in group}) > 1]
