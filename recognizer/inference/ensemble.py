"""Several models as one: the mean of their probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from recognizer.errors import SettingError
from recognizer.inference.readings import make_reading
from recognizer.inference.recognizer import Recognizer
from recognizer.models.card import RejectionThreshold
from recognizer.preprocessing import to_mnist
from recognizer.records import BLANK, Reading
from recognizer.trajectory import Strokes


@dataclass(frozen=True)
class EnsembleCard:
    """What is known of an ensemble without measuring it; the members' figures are not its own.

    Attributes:
        name: the members' names, joined by " + ".
        rejection: of the first member that has a threshold; None where none has.
    """

    name: str
    rejection: RejectionThreshold | None


class Ensemble:
    """Reads as `Recognizer` does, with the mean of its members' probabilities.

    Whether something is a digit at all is left to the first member that has learned it. Safe to
    share between threads.

    Args:
        members: two models or more, loaded.

    Attributes:
        card: name and rejection threshold.
        seconds: that each member has taken in `predict` so far, in their order.

    Raises:
        SettingError: fewer than two models, or one twice.
    """

    def __init__(self, members: Sequence[Recognizer]) -> None:
        names = [one.card.name for one in members]
        if len(set(names)) < max(2, len(names)):
            raise SettingError(
                f"An ensemble of {', '.join(names) or 'nothing'} is none: name two or more models, "
                "each of them once."
            )
        self._members = tuple(members)
        self._judge = next((one for one in members if one.card.rejection is not None), None)
        rejection = None if self._judge is None else self._judge.card.rejection
        self.card = EnsembleCard(" + ".join(names), rejection)
        self.seconds = [0.0] * len(names)

    @classmethod
    def load(cls, names: Sequence[str]) -> "Ensemble":
        """Load models by name.

        Raises:
            ModelError: one is not there, or damaged.
            SettingError: fewer than two models, or one twice.
        """
        if len(set(names)) < len(names):
            raise SettingError(f"{', '.join(names)}: name each model once to average them.")
        return cls([Recognizer.load(name) for name in names])

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the mean probabilities, (n, 10) float32: see `Recognizer.predict`."""
        return self.predict_scored(images)[0]

    def predict_scored(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean probabilities and digit scores; each network reads once."""
        read, scores = [], None
        for number, member in enumerate(self._members):
            started = perf_counter()
            if member is self._judge:
                probabilities, scores = member.predict_scored(images)
            else:
                probabilities = member.predict(images)
            self.seconds[number] += perf_counter() - started
            read.append(probabilities)
        mean = mean_probabilities(read)
        return mean, mean.max(axis=1, initial=0) if scores is None else scores

    def read(
        self,
        image: np.ndarray,
        *,
        paper: Sequence[int] | None = None,
        strokes: Strokes | None = None,
    ) -> Reading:
        """Read a drawing or a photo: see `Recognizer.read`."""
        seen = to_mnist(image, paper=paper)
        return BLANK if seen is None else self.read_mnist(seen, strokes)

    def read_mnist(self, image: np.ndarray, strokes: Strokes | None = None) -> Reading:
        """Read one picture that is in MNIST's form already: see `Recognizer.read_mnist`."""
        probabilities, scores = self.predict_scored(image[np.newaxis])
        return make_reading(image, probabilities[0], scores[0], self.card.rejection, strokes)


def mean_probabilities(read: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean of several models' probabilities, each (n, 10): (n, 10) float32."""
    return np.mean(np.stack(read), axis=0, dtype=np.float64).astype(np.float32)


def load(names: Sequence[str] | None = None) -> Recognizer | Ensemble:
    """Load the default model, the one that is named, or an ensemble of several.

    Raises:
        ModelError: one is not there, or damaged.
        SettingError: one is named twice.
    """
    names = names or []
    return Ensemble.load(names) if len(names) > 1 else Recognizer.load(*names)
