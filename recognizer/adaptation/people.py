"""How people write, as a model sees it: which of its features tell them apart, and their digits.

Two drawings of a digit by one person differ in ways that do not matter, those of different digits
or people in ways that do. Fisher's discriminant analysis (1936; of several classes: Rao, 1948),
with each digit of each writer as a class, finds the few directions in which the latter are largest
compared with the former. Some digits by these people, and scans, are kept along them: a person's
drawing pushes less where others write another digit. Learned once for a model, and kept in
`people.npz` beside it.
"""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from recognizer.adaptation.kernel import LEARNED, Kernel, lengths, unit_rows
from recognizer.errors import ModelError
from recognizer.records import LABELS
from recognizer.system import atomic

FILE = "people.npz"
PRINCIPAL = 160  # principal components of the features that are looked at
DIRECTIONS = 24
SHRINKAGE = 0.4  # of the within-class scatter towards a sphere of its mean: few people are known
MARGIN = 0.5  # of the lead that a model usually has: what a drawing lacks of that, it pushes
_LEVELS = 127  # a direction is kept in bytes, in parts of its largest number


@dataclass(frozen=True, eq=False)
class People:
    """What is known of how people write.

    Attributes:
        directions: (d, k) float32, in the space of a network's features.
        offset: (k,) float32, of the mean along them.
        digits: (m, k) float32, others' digits along the directions, rows of length 1.
        labels: (m,) integers, what these are.
        margin: by how many nats the right logit usually leads: the median of held-out scans.
    """

    directions: np.ndarray
    offset: np.ndarray
    digits: np.ndarray
    labels: np.ndarray
    margin: float

    @cached_property
    def kernel(self) -> Kernel:
        """By which features along the directions are compared."""
        return replace(LEARNED, margin=MARGIN * self.margin)

    def along(self, features: np.ndarray) -> np.ndarray:
        """Return features, (n, d), along the directions: (n, k) float32, rows of length 1."""
        return unit_rows(features @ self.directions / lengths(features) - self.offset)

    def others(self, features: np.ndarray) -> np.ndarray:
        """Return how close others' digits other than each are: (n, 10) float32.

        Args:
            features: (n, k) float32, along the directions, rows of length 1.
        """
        of_digits = self.kernel.closeness(features, self.digits) @ self._labelled  # (n, 10)
        return of_digits.sum(axis=1, keepdims=True) - of_digits

    @cached_property
    def _labelled(self) -> np.ndarray:
        return np.eye(len(LABELS), dtype=np.float32)[self.labels]  # (m, 10)


def learn(
    features: np.ndarray, labels: np.ndarray, writers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions that tell people's digits apart, (d, k), and the mean along them, (k,).

    Args:
        features: (n, d) float32, of drawings by people.
        labels: (n,) integers.
        writers: (n,), who drew each.
    """
    mean = features.mean(axis=0)
    components = _principal(features - mean)  # (d, p)
    seen = (features - mean) @ components  # (n, p)
    whose = np.unique(writers, return_inverse=True)[1]
    _, classes, sizes = np.unique(
        whose * len(LABELS) + labels, return_inverse=True, return_counts=True
    )
    sums = np.zeros((len(sizes), seen.shape[1]))
    np.add.at(sums, classes, seen)
    means = (sums / sizes[:, None])[classes]  # (n, p): of each drawing's class
    within = (seen - means).T @ (seen - means) / len(seen)
    within += SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    whiten = np.linalg.inv(np.linalg.cholesky(within)).T
    values, vectors = np.linalg.eigh(whiten.T @ np.cov(means.T) @ whiten)
    largest = np.argsort(values)[::-1][:DIRECTIONS]
    directions = (components @ whiten @ vectors[:, largest]).astype(np.float32)
    return directions, mean @ directions


def _principal(centred: np.ndarray) -> np.ndarray:
    """Return the principal components of rows, (d, p) float32."""
    if centred.shape[1] <= len(centred):
        return np.linalg.eigh(centred.T @ centred)[1][:, : -PRINCIPAL - 1 : -1]
    rows = np.linalg.eigh(centred @ centred.T)[1][:, : -PRINCIPAL - 1 : -1]  # (n, p)
    found = centred.T @ rows
    return found / np.linalg.norm(found, axis=0)


def write(folder: Path, weights: str, people: People) -> None:
    """Keep what is known of people beside a model.

    Args:
        folder: the model's.
        weights: the SHA-256 of its `model.tflite`.
        people: as it sees them.
    """
    largest = np.abs(people.directions).max(axis=0)
    arrays = {
        "of": np.array(weights),
        "directions": np.rint(people.directions / largest * _LEVELS).astype(np.int8),
        "largest": largest,
        "offset": people.offset,
        "digits": people.digits.astype(np.float16),
        "labels": people.labels.astype(np.uint8),
        "margin": np.array(people.margin, np.float32),
    }
    atomic.write(folder / FILE, lambda file: np.savez_compressed(file, **arrays))
    read.cache_clear()


@lru_cache(maxsize=16)
def read(folder: Path, weights: str) -> People | None:
    """Return what is known beside a model; None where nothing is, or of other weights.

    Raises:
        ModelError: the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if str(arrays["of"]) != weights:
                return None
            return People(
                arrays["directions"].astype(np.float32) * (arrays["largest"] / _LEVELS),
                arrays["offset"],
                unit_rows(arrays["digits"].astype(np.float32)),
                arrays["labels"].astype(np.int64),
                float(arrays["margin"]),
            )
    except Exception as error:
        raise ModelError(
            f"{FILE} of {folder.name} is damaged, by which a person's handwriting is compared: "
            "restore it or remove it."
        ) from error
