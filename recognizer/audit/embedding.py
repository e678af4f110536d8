"""A map of images by what a network makes of them: principal components of its features."""

import numpy as np


def principal_components(features: np.ndarray, count: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return where each row lies along the directions of largest variance.

    Principal component analysis (Pearson, 1901; Hotelling, 1933), by the singular value
    decomposition of the centred rows. Signs are chosen so that the largest weight of a direction is
    positive.

    Args:
        features: array of shape (n, f), n of 1 or more.
        count: directions, at most f; those that there are not are 0.

    Returns:
        Array of shape (n, count), and of shape (count,) the share of the variance that each has.
    """
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    _, values, directions = np.linalg.svd(centred, full_matrices=False)  # (k,), (k, f)
    directions = directions[:count]
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(len(directions)), largest])[:, np.newaxis]
    places, shares = np.zeros((len(features), count)), np.zeros(count)
    places[:, : len(directions)] = centred @ directions.T
    total = np.square(values).sum()
    if total > 0:
        shares[: len(directions)] = np.square(values[:count]) / total
    return places, shares
