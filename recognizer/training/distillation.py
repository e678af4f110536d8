"""What a network learns: the labels, and what other networks make of the same pictures.

Hinton, Vinyals & Dean (2015), "Distilling the knowledge in a neural network". Teachers of other
build err elsewhere, so that their mean is more often right than any of them.
"""

from collections.abc import Sequence

import numpy as np

from recognizer.inference import Recognizer
from recognizer.records import LABELS, Digits

TAUGHT = 0.5  # share of the teachers in a target


def targets(rows: Digits, outputs: int, teachers: Sequence[str] = ()) -> np.ndarray:
    """Return what a network shall give for each row: array of shape (n, outputs), float32.

    Half of it is the label; the other half is the mean of those teachers that read the row as it
    is labelled. Without one, or where the label is "not a digit", it is all the label.

    Args:
        rows: with labels.
        outputs: of the network, 10 or 11.
        teachers: names of models.

    Raises:
        ModelError: there is no such model.
    """
    made = np.eye(outputs, dtype=np.float32)[rows.labels]
    taught, right = np.zeros((len(rows), len(LABELS)), np.float32), np.zeros(len(rows), int)
    for name in teachers:
        probabilities = Recognizer.load(name).predict(rows.images)
        agrees = probabilities.argmax(axis=1) == rows.labels
        taught[agrees] += probabilities[agrees]
        right += agrees
    has_teacher = right > 0
    made[has_teacher] *= 1 - TAUGHT
    mean = taught[has_teacher] / right[has_teacher, None]
    made[has_teacher, : len(LABELS)] += TAUGHT * mean
    return made
