"""Other people's digits that a hand must not spoil: kept beside a model, as its network sees them.

`reference.npz` holds, for held-out scans and for drawings by people who neither trained the model
nor are reported on, those with the smallest margins between the two likeliest digits: only they can
be lost, as a hand's correction is bounded. Pixels are not kept, only logits and features.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognizer.adaptation import people
from recognizer.adaptation.adapted import observe
from recognizer.adaptation.kernel import RAW, Centres, Observed, unit_rows
from recognizer.errors import ModelError
from recognizer.inference import Recognizer
from recognizer.models.registry import TFLITE_FILE, StoredModel
from recognizer.records import Digits
from recognizer.system import atomic

FILE = "reference.npz"
KEPT = 100  # of each kind: the others' margins are several nats
_LEVELS = 127  # a feature is kept as a byte, in parts of the largest of its row


@dataclass(frozen=True, eq=False)
class Reference:
    """Digits of one kind, by other people.

    Attributes:
        observed: what the network makes of the m of them that are kept.
        labels: (m,) integers.
        total: digits that these are the closest calls of.
    """

    observed: Observed
    labels: np.ndarray
    total: int

    @classmethod
    def of(cls, recognizer: Recognizer, digits: Digits) -> "Reference":
        """Return the closest calls among digits by others."""
        seen = observe(recognizer, digits.images)
        ordered = np.sort(seen.logits, axis=1)
        rows = np.argsort(ordered[:, -1] - ordered[:, -2])[:KEPT]
        return cls(seen.take(rows), digits.labels[rows], len(digits))

    def lost(self, centres: Centres) -> float:
        """Return how many points of accuracy a hand costs on these digits; below 0 it gains."""
        logits = self.observed.logits
        before = logits.argmax(axis=1) == self.labels
        adapted = logits + centres.correction(self.observed)
        after = adapted.argmax(axis=1) == self.labels
        return 100 * (int(before.sum()) - int(after.sum())) / self.total


def write(folder: Path, recognizer: Recognizer, kinds: dict[str, Digits]) -> None:
    """Keep what a model makes of others' digits.

    Args:
        folder: the model's.
        recognizer: the model.
        kinds: such as "scans" -> digits that the model has not learned from.
    """
    arrays: dict[str, np.ndarray] = {"of": np.array(recognizer.card.sha256[TFLITE_FILE])}
    for kind, digits in kinds.items():
        found = Reference.of(recognizer, digits)
        seen = found.observed
        largest = np.abs(seen.features).max(axis=1, keepdims=True, initial=1e-9)
        parts = np.rint(seen.features / largest * _LEVELS)
        arrays[f"{kind} logits"] = seen.logits.astype(np.float16)
        arrays[f"{kind} features"] = parts.astype(np.int8)
        arrays[f"{kind} labels"] = found.labels.astype(np.uint8)
        arrays[f"{kind} total"] = np.array(found.total)
    atomic.write(folder / FILE, lambda file: np.savez_compressed(file, **arrays))


def read(model: StoredModel) -> dict[str, Reference]:
    """Return the digits by others that are kept beside a model, by kind; {} where there are none.

    Those of other weights than the model's count as none, and those that are compared otherwise
    than the model's drawings are: along directions that are not there any more, or not along them.

    Raises:
        ModelError: the file is damaged.
    """
    path, weights = model.folder / FILE, model.card.sha256[TFLITE_FILE]
    if not path.is_file():
        return {}
    known = people.read(model.folder, weights)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if str(arrays["of"]) != weights:
                return {}
            kinds = [name.removesuffix(" total") for name in arrays if name.endswith(" total")]
            widths = {arrays[f"{kind} features"].shape[1] for kind in kinds}
            if (widths == {people.DIRECTIONS}) != (known is not None):
                return {}
            return {kind: _reference(arrays, kind, known) for kind in kinds}
    except Exception as error:
        raise ModelError(
            f"{FILE} of {model.name} is damaged, on which a person's handwriting is tried: "
            "restore it or remove it."
        ) from error


def _reference(arrays: np.lib.npyio.NpzFile, kind: str, known: people.People | None) -> Reference:
    logits, features, labels = (
        arrays[f"{kind} {part}"] for part in ("logits", "features", "labels")
    )
    features = unit_rows(features.astype(np.float32))
    others = np.zeros_like(logits, np.float32) if known is None else known.others(features)
    kernel = RAW if known is None else known.kernel
    scores = np.ones(len(labels), np.float32)  # none of them is doubted here
    seen = Observed(logits.astype(np.float32), scores, features, others, kernel)
    return Reference(seen, labels, int(arrays[f"{kind} total"]))
