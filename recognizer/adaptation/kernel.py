"""What a person's labelled drawings add to a network's logits: radial basis functions.

Platt & Matic, "A Constructive RBF Network for Writer Adaptation", NIPS 9 (1996), put radial basis
functions on top of a trained network and train those only. Here every stored drawing is one centre,
and how far it pushes is what the network lacked on it: a drawing that the network reads with a wide
margin pushes nothing, and still holds back the pushes of its neighbours, as the functions are
normalised (Nadaraya, 1964; Watson, 1964). Where others write another digit, that holds back too.
"""

from dataclasses import dataclass, replace

import numpy as np

from recognizer.records import LABELS

_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Kernel:
    """How far a drawing pushes, and where.

    Attributes:
        sharpness: of 1 - cosine of two feature vectors.
        margin: how far the right logit should lead, in nats.
        gain: of what a drawing lacks of that margin.
        prior: weight of "no correction", in units of one identical drawing.
        resistance: weight of another person's identical drawing, of another digit.
    """

    sharpness: float
    margin: float
    gain: float
    prior: float
    resistance: float

    def closeness(self, features: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return exp(-sharpness (1 - cosine)) of (m, d) to (n, d): (m, n) float32 in (0, 1].

        Rows are of length 1.
        """
        return np.exp(np.float32(self.sharpness) * (features @ others.T - 1))


# Chosen on the first and second part of the writers with two-block and compact, which have seen no
# pen drawing: the largest reduction at no more than 0.05 points of scans or of strangers' drawings.
RAW = Kernel(sharpness=8.0, margin=8.0, gain=1.6, prior=0.3, resistance=0.0)  # of all features
# Of features along a few directions, and with a margin that the model says: see people.py.
LEARNED = replace(RAW, gain=2.2, prior=0.06, resistance=0.08)


@dataclass(frozen=True, eq=False)
class Observed:
    """What a network makes of n images.

    Attributes:
        logits: (n, 10) float32, each row up to a constant.
        digit_scores: (n,) float32.
        features: (n, d) float32, rows of length 1.
        others: (n, 10) float32, how close others' digits other than each are.
        kernel: by which features are compared.
    """

    logits: np.ndarray
    digit_scores: np.ndarray
    features: np.ndarray
    others: np.ndarray
    kernel: Kernel

    def take(self, rows: np.ndarray) -> "Observed":
        """Return some of them."""
        parts = (self.logits, self.digit_scores, self.features, self.others)
        return Observed(*(one[rows] for one in parts), self.kernel)


@dataclass(frozen=True, eq=False)
class Centres:
    """A person's drawings as the centres of radial basis functions.

    Attributes:
        observed: what the network alone makes of n drawings.
        pushes: (n, 10) float32: what each adds to the logits where it counts alone.
    """

    observed: Observed
    pushes: np.ndarray

    @classmethod
    def of(cls, observed: Observed, labels: np.ndarray) -> "Centres":
        """Return the centres that a network's view of drawings gives; labels (n,), 0 to 9."""
        true = np.eye(len(LABELS), dtype=np.float32)[labels]  # (n, 10)
        right = (observed.logits * true).sum(axis=1)
        best_other = np.where(true == 1, -np.inf, observed.logits).max(axis=1, initial=-np.inf)
        lacking = np.maximum(observed.kernel.margin - (right - best_other), 0).astype(np.float32)
        return cls(observed, observed.kernel.gain * lacking[:, None] * true)

    def __len__(self) -> int:
        return len(self.pushes)

    def correction(self, images: Observed) -> np.ndarray:
        """Return what the drawings add to the logits of m images, (m, 10) float32."""
        own = self.observed
        return self._weighted(own.kernel.closeness(images.features, own.features), images)

    def leaving_one_out(self) -> np.ndarray:
        """Return the corrections of the drawings themselves, each without itself: (n, 10)."""
        own = self.observed
        closeness = own.kernel.closeness(own.features, own.features)
        np.fill_diagonal(closeness, 0)
        return self._weighted(closeness, own)

    def _weighted(self, closeness: np.ndarray, images: Observed) -> np.ndarray:
        kernel = self.observed.kernel
        held_back = closeness.sum(axis=1, keepdims=True) + kernel.resistance * images.others
        return closeness @ self.pushes / (kernel.prior + held_back)


def unit_rows(features: np.ndarray) -> np.ndarray:
    """Return rows of length 1; a row of zeros stays one."""
    return features / lengths(features)


def lengths(features: np.ndarray) -> np.ndarray:
    """Return the length of each row, (n, 1), at least a tiny one."""
    squares = np.einsum("nd,nd->n", features, features)  # in half the time of np.linalg.norm
    return np.sqrt(np.maximum(squares, _TINY))[:, None]


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of each row, (n, 10) float32."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return powers / powers.sum(axis=1, keepdims=True)
