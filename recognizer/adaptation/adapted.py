"""A loaded model together with one person's labelled drawings. No training, and no Keras."""

from collections.abc import Sequence

import numpy as np

from recognizer.adaptation import people
from recognizer.adaptation.kernel import (
    RAW,
    Centres,
    Observed,
    probabilities,
    unit_rows,
)
from recognizer.adaptation.people import People
from recognizer.inference import Recognizer
from recognizer.inference.readings import make_reading
from recognizer.models.card import ModelCard
from recognizer.models.registry import TFLITE_FILE
from recognizer.preprocessing import to_mnist
from recognizer.records import BLANK, LABELS, Reading
from recognizer.trajectory import Strokes


class AdaptedRecognizer:
    """Reads as its model does, but for digits like the person's own. Safe to share between threads.

    What is no digit is refused as by the model alone: a hand changes which digit is read, never
    whether it is one.

    Attributes:
        base: the model alone.
        card: the model's.
        centres: the person's drawings.
    """

    def __init__(self, base: Recognizer, centres: Centres) -> None:
        self.base = base
        self.centres = centres
        self._known = known_of(base)

    @property
    def card(self) -> ModelCard:
        """The model's card."""
        return self.base.card

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities of the ten digits, (n, 10) float32: see `Recognizer.predict`."""
        return self.predict_scored(images)[0]

    def digit_scores(self, images: np.ndarray) -> np.ndarray:
        """Return how much each image looks like a digit at all: see `Recognizer.digit_scores`."""
        return self.base.digit_scores(images)

    def predict_scored(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what `predict` and `digit_scores` do, while the network reads only once."""
        if not len(self.centres):
            return self.base.predict_scored(images)
        seen = _observe(self.base, images, self._known)
        logits = seen.logits + self.centres.correction(seen)
        return probabilities(logits), seen.digit_scores

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
        if not len(self.centres):
            return self.base.read_mnist(image, strokes)
        seen = _observe(self.base, image[np.newaxis], self._known)
        read = probabilities(seen.logits + self.centres.correction(seen))[0]
        own = probabilities(seen.logits)[0]
        return make_reading(image, read, seen.digit_scores[0], self.card.rejection, strokes, own)


def adapt(recognizer: Recognizer, images: np.ndarray, labels: np.ndarray) -> AdaptedRecognizer:
    """Return a recognizer that also knows how one person writes.

    Takes as long as reading the drawings. Ten drawings, one of each digit, are a good start; the
    ones that count are those that the model reads wrong or is unsure of.

    Args:
        recognizer: a loaded model; any works, one whose file has features works better.
        images: the person's drawings, (n, 28, 28) uint8, MNIST's form; n = 0 changes nothing.
        labels: what they are, (n,) integers from 0 to 9.

    Raises:
        ValueError: another shape or type, or a label that is no digit.
    """
    labels = np.asarray(labels)
    if labels.shape != (len(images),):
        raise ValueError(f"labels have shape {labels.shape}, expected ({len(images)},) as images")
    if len(labels) and labels.dtype.kind not in "iu":
        raise ValueError(f"labels are {labels.dtype}, expected integers from 0 to 9")
    if len(wrong := labels[~np.isin(labels, LABELS)]):
        raise ValueError(f"label is {wrong[0]}, expected 0 to 9")
    return AdaptedRecognizer(
        recognizer, Centres.of(observe(recognizer, images), labels.astype(np.int64))
    )


def known_of(recognizer: Recognizer) -> People | None:
    """Return what is known of people beside a model; None where nothing is.

    Raises:
        ModelError: it is damaged.
    """
    return people.read(recognizer.folder, recognizer.card.sha256.get(TFLITE_FILE, ""))


def observe(recognizer: Recognizer, images: np.ndarray) -> Observed:
    """Return what a model makes of images, (n, 28, 28) uint8, reading them once.

    Compared are the directions that tell people's digits apart, where they are known of the model,
    or else all features. A model whose file has no features is compared by its logits instead: ten
    numbers, less telling.

    Raises:
        ModelError: what is known of people beside the model is damaged.
    """
    return _observe(recognizer, images, known_of(recognizer))


def _observe(recognizer: Recognizer, images: np.ndarray, known: People | None) -> Observed:
    none = np.zeros((len(images), len(LABELS)), np.float32)
    if recognizer.feature_count is None:
        predicted, scores = recognizer.predict_scored(images)
        logits = np.log(np.maximum(predicted, np.finfo(np.float32).tiny))
        features = unit_rows(logits - logits.mean(axis=1, keepdims=True))
        return Observed(logits, scores, features, none, RAW)
    logits, scores, features = recognizer.predict_features(images)
    if known is None:
        return Observed(logits, scores, unit_rows(features), none, RAW)
    features = known.along(features)
    return Observed(logits, scores, features, known.others(features), known.kernel)
