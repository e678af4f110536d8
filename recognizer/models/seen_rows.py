"""Which rows a model has learned from, as hashes beside its weights: a score on them says nothing.

`seen.npy` holds the first five bytes of the BLAKE2b of each row's 784 pixels, sorted: 189 kB for
37,800 rows, and models trained on the same rows have the same file. In one of a thousand tables of
28,000 other rows one would be taken for seen (28,000 x 37,800 / 2^40).
"""

import hashlib
from pathlib import Path

import numpy as np

from recognizer.errors import ModelError
from recognizer.models import registry
from recognizer.models.registry import StoredModel
from recognizer.system import atomic

BYTES = 5  # of a hash


def save(folder: Path, *images: np.ndarray, start: StoredModel | None = None) -> None:
    """Write which rows a model has learned from.

    Args:
        folder: the model's.
        images: arrays of shape (n, 28, 28), uint8: the rows that it was trained on, and those that
            chose its best weights.
        start: the model that it goes on from, whose rows it has seen as well.
    """
    known = None if start is None else _known(start)
    hashes = [_hashes(one) for one in images] + ([] if known is None else [known])
    hashes = np.unique(np.concatenate(hashes), axis=0)  # sorted
    atomic.write(folder / registry.SEEN_FILE, lambda file: np.save(file, hashes))


def is_seen(model: StoredModel, images: np.ndarray) -> np.ndarray | None:
    """Return which images, (n, 28, 28) uint8, the model has learned from: (n,) bool.

    None where that is not known: the model's folder has no `seen.npy`.

    Raises:
        ModelError: the file is damaged.
    """
    known = _known(model)
    return None if known is None else np.isin(_numbers(_hashes(images)), _numbers(known))


def _known(model: StoredModel) -> np.ndarray | None:
    """Return the hashes of a model's rows, (m, 5) uint8; None where the file is not there."""
    path = model.folder / registry.SEEN_FILE
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            known = np.lib.format.read_array(file, allow_pickle=False)
        if known.dtype != np.uint8 or known.ndim != 2 or known.shape[1] != BYTES:
            raise ValueError(f"it holds {known.dtype} of shape {known.shape}")
    except Exception as error:  # whatever a damaged file makes of it
        raise ModelError(
            f"{path.name} of {model.name} is damaged: expected {BYTES} bytes for each row that it "
            "was trained on; restore it or remove it."
        ) from error
    return known


def _hashes(images: np.ndarray) -> np.ndarray:
    """Return (n, 5) uint8."""
    digests = (hashlib.blake2b(image.tobytes(), digest_size=BYTES).digest() for image in images)
    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, BYTES)


def _numbers(hashes: np.ndarray) -> np.ndarray:
    """Return (n, 5) uint8 as (n,) uint64, to be compared at once."""
    padded = np.zeros((len(hashes), 8), dtype=np.uint8)
    padded[:, :BYTES] = hashes
    return padded.view(np.uint64)[:, 0]
