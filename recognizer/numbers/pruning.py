"""Which candidates are worth reading: a small network over their geometry, before any is drawn.

Reading is what costs time. Most runs of pieces are no character by their places and sizes alone, so
the same kind of search as for the reading, over geometry only, says how likely each is a step of
the right path; what is not even nearly likely is left out. For drawings only, which are read while
the pen rests. Fitted by tools/fit_numbers.py.
"""

import numpy as np

from recognizer.numbers import scoring
from recognizer.numbers.patterns import CHARACTERS
from recognizer.numbers.pieces import Candidates, Pieces
from recognizer.numbers.search import Lattice

MODE = "prune_drawn"  # the name of its weights
LIKELY = 0.02  # least probability to be read; chosen on the second part of the writers


def keep(pieces: Pieces, found: Candidates, geometry: np.ndarray) -> np.ndarray:
    """Return which candidates may be on the right path, array of shape (m,), bool.

    Args:
        pieces: of one line.
        found: the candidates among them.
        geometry: array of shape (m, n), as `features.measure_geometry` gives it.

    Returns:
        True for those that are likely enough, and for those of the likeliest path.
    """
    if len(pieces) < 2:
        return np.ones(len(found), bool)
    scores = scoring.load(MODE).outputs(geometry)  # (m, 1)
    lattice = Lattice(found.first, found.last, scores, CHARACTERS)
    shares, _ = lattice.marginals()
    kept = shares[:, 0] >= LIKELY
    kept[[k for k, _ in lattice.best()]] = True  # so that there always is a path
    return kept
