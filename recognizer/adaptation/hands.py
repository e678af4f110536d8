"""One person's kept drawings, tried before they are used: on themselves and on others' digits.

hand = load(model, recognizer, Corrections(hand="Ada").digits())
hand.recognizer if hand.trial.helps else recognizer
"""

from dataclasses import dataclass

import numpy as np

from recognizer.adaptation import reference
from recognizer.adaptation.adapted import AdaptedRecognizer, adapt, observe
from recognizer.adaptation.kernel import Centres
from recognizer.inference import Recognizer
from recognizer.models.registry import StoredModel
from recognizer.records import Digits

MOST_LOST = 0.1  # points of others' digits that a hand may cost


@dataclass(frozen=True, eq=False)
class Trial:
    """What a hand changes, measured.

    Attributes:
        labels: of the person's drawings, (n,).
        before: what the model alone reads in them, (n,).
        after: what it reads with the person's other drawings, each left out itself, (n,).
        counted: which of them count, (n,) bool: those of a digit with two drawings or more.
        lost: points of accuracy lost by kind of others' digits; {} where none could be tried.
    """

    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray
    counted: np.ndarray
    lost: dict[str, float]

    @property
    def n(self) -> int:
        """How many drawings count."""
        return int(self.counted.sum())

    @property
    def right_before(self) -> int:
        """How many of these the model alone reads right."""
        return int((self.before == self.labels)[self.counted].sum())

    @property
    def right_after(self) -> int:
        """How many of these it reads right with the person's other drawings."""
        return int((self.after == self.labels)[self.counted].sum())

    @property
    def helps(self) -> bool:
        """Whether the hand may be used: it hurts neither the person nor others."""
        worst = max(self.lost.values(), default=0)
        return self.right_after >= self.right_before and worst <= MOST_LOST

    @property
    def words(self) -> str:
        """One sentence on what was measured."""
        if self.right_after < self.right_before:
            return (
                f"With this handwriting {self.right_after} instead of {self.right_before} of its "
                f"own {self.n} drawings are read right, so it is not used."
            )
        for kind, lost in self.lost.items():
            if lost > MOST_LOST:
                return f"It would cost {lost:.2f} points on other people's {kind}: it is not used."
        if not self.n:
            return (
                "Whether it helps cannot be measured yet: that takes two drawings of a digit, each "
                "read with the help of the other."
            )
        return (
            f"Of {self.n} own drawings {self.right_before} are read right without it and "
            f"{self.right_after} with it, each measured with the others only."
        )


@dataclass(frozen=True, eq=False)
class TriedHand:
    """A model with a person's drawings, and what they change."""

    recognizer: AdaptedRecognizer
    trial: Trial


def load(model: StoredModel, recognizer: Recognizer, drawings: Digits) -> TriedHand:
    """Adapt a model to a person's drawings, and try what that changes.

    Raises:
        ModelError: the others' digits beside the model are damaged.
    """
    adapted = adapt(recognizer, drawings.images, drawings.labels)
    return TriedHand(adapted, _try(recognizer, adapted.centres, drawings, reference.read(model)))


def _try(
    recognizer: Recognizer,
    centres: Centres,
    drawings: Digits,
    others: dict[str, reference.Reference],
) -> Trial:
    logits = observe(recognizer, drawings.images).logits
    labels = np.asarray(drawings.labels, dtype=np.int64)
    drawn = np.bincount(labels, minlength=10)
    return Trial(
        labels=labels,
        before=logits.argmax(axis=1),
        after=(logits + centres.leaving_one_out()).argmax(axis=1),
        counted=drawn[labels] > 1,
        lost={kind: one.lost(centres) for kind, one in others.items()},
    )
