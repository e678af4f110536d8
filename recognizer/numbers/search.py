"""The best way to divide a line into characters, and how sure each of them is.

A semi-Markov conditional random field (Sarawagi & Cohen, 2004): each candidate and label has a
score, a path of candidates that follow each other covers the line, and its probability is the
exponential of its scores' sum, as a share of all paths'. The path with the highest sum is found by
dynamic programming (Viterbi), the probability of each candidate by forward and backward sums.
"""

from collections.abc import Iterator
from math import exp, log1p

import numpy as np

from recognizer.numbers.patterns import Grammar

NEVER = -1e9

Table = list[list[float]]  # a logarithm for each (place between pieces, state)


class Lattice:
    """All ways through a line's candidates that a grammar allows.

    Args:
        first, last: arrays of shape (m,): candidate k spans pieces first[k] to last[k] - 1.
        scores: array of shape (m, labels).
        grammar: which labels may follow each other.
    """

    def __init__(
        self, first: np.ndarray, last: np.ndarray, scores: np.ndarray, grammar: Grammar
    ) -> None:
        self._scores, self._grammar = scores, grammar
        self._places = int(last.max()) + 1
        self._spans = list(enumerate(zip(first.tolist(), last.tolist(), strict=True)))
        self._spans.sort(key=lambda span: span[1])
        # Steps between the same two states are taken together: an arc.
        self._arcs = grammar.arcs
        columns = [scores[:, labels] for _, _, labels in self._arcs]
        self._highest = np.stack([column.max(axis=1) for column in columns], axis=1).tolist()
        self._sums = np.stack([_log_sum(column) for column in columns], axis=1)

    def best(self) -> list[tuple[int, int]]:
        """Return candidates and labels of the best path; empty where the grammar allows none."""
        best, came = self._table(), {}
        best[0][0] = 0.0
        for k, first, last, arc, source, target in self._walk():
            total = best[first][source] + self._highest[k][arc]
            if total > best[last][target]:
                best[last][target] = total
                came[last, target] = k, first, arc
        ends = [state for state in range(self._grammar.states) if self._grammar.final[state]]
        state = max(ends, key=lambda state: best[-1][state])
        if best[-1][state] <= NEVER / 2:
            return []
        return self._back(came, state)

    def _back(self, came: dict, state: int) -> list[tuple[int, int]]:
        place, path = self._places - 1, []
        while place:
            k, place, arc = came[place, state]
            state, _, labels = self._arcs[arc]
            path.append((k, int(labels[self._scores[k, labels].argmax()])))
        return path[::-1]

    def marginals(self) -> tuple[np.ndarray, float]:
        """Return the probability of each candidate with each label, and the sum over all paths.

        Returns:
            Array of the scores' shape, and the logarithm of the sum.
        """
        before, after = self._forward(), self._backward()
        total = after[0][0]
        arcs = np.full(self._sums.shape, NEVER)
        for k, first, last, arc, source, target in self._walk():
            arcs[k, arc] = before[first][source] + after[last][target] - total
        found = np.zeros(self._scores.shape)
        for arc, (_, _, labels) in enumerate(self._arcs):
            found[:, labels] += np.exp(self._scores[:, labels] + arcs[:, arc, None])
        return found, total

    def _forward(self) -> Table:
        table, sums = self._table(), self._sums.tolist()
        table[0][0] = 0.0
        for k, first, last, arc, source, target in self._walk():
            row = table[last]
            row[target] = _log_add(row[target], table[first][source] + sums[k][arc])
        return table

    def _backward(self) -> Table:
        table, sums = self._table(), self._sums.tolist()
        table[-1] = [0.0 if final else NEVER for final in self._grammar.final]
        for k, first, last, arc, source, target in reversed(list(self._walk())):
            row = table[first]
            row[source] = _log_add(row[source], table[last][target] + sums[k][arc])
        return table

    def _table(self) -> Table:
        return [[NEVER] * self._grammar.states for _ in range(self._places)]

    def _walk(self) -> Iterator[tuple[int, int, int, int, int, int]]:
        """Yield each candidate with each arc, from left to right."""
        for k, (first, last) in self._spans:
            for arc, (source, target, _) in enumerate(self._arcs):
                yield k, first, last, arc, source, target


def _log_sum(values: np.ndarray) -> np.ndarray:
    """Return the logarithm of each row's sum of exponentials."""
    highest = values.max(axis=1)
    return highest + np.log(np.exp(values - highest[:, None]).sum(axis=1))


def _log_add(one: float, other: float) -> float:
    if one < other:
        one, other = other, one
    return one if other <= NEVER / 2 else one + log1p(exp(other - one))
