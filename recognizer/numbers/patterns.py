"""Which texts a line may hold: any, a number of digits, or a pattern.

In a pattern `#` stands for a digit, `?` for a digit or none; digits, - / . , and : for themselves.

grammar("##/##/##")   # a date
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recognizer.errors import SettingError
from recognizer.numbers.results import SEPARATORS

LABELS = "0123456789" + SEPARATORS  # the labels of the search, by their index
DIGITS = 10
MOST = 100  # digits of a length, characters of a pattern


@dataclass(frozen=True, eq=False)
class Grammar:
    """A finite automaton over labels; state 0 is the start.

    Attributes:
        sources, labels, targets: arrays of shape (steps,): each step's state, label, next state.
        final: array of shape (states,), bool: where a line may end.
    """

    sources: np.ndarray
    labels: np.ndarray
    targets: np.ndarray
    final: np.ndarray

    @property
    def states(self) -> int:
        """The number of states."""
        return len(self.final)

    @cached_property
    def arcs(self) -> tuple[tuple[int, int, np.ndarray], ...]:
        """The steps between the same two states together: source, target, array of labels."""
        between: dict[tuple[int, int], list[int]] = {}
        for source, label, target in zip(self.sources, self.labels, self.targets, strict=True):
            between.setdefault((int(source), int(target)), []).append(int(label))
        return tuple((*states, np.array(labels)) for states, labels in between.items())


def grammar(length: int | None = None, pattern: str | None = None) -> Grammar:
    """Return the automaton of the lines that are allowed.

    Args:
        length: number of digits; separators may stand between them. None: any.
        pattern: what the line looks like, such as `##.##`; None: anything.

    Raises:
        SettingError: both are given, or one is not as above.
    """
    if length is not None and pattern is not None:
        raise SettingError("Both a length and a pattern are given: expected one of them.")
    if pattern is not None:
        return _of_pattern(pattern)
    return ANYTHING if length is None else _of_length(length)


def literal(text: str) -> Grammar:
    """Return the automaton that allows one text only."""
    return _automaton([(i, LABELS.index(c), i + 1) for i, c in enumerate(text)], {len(text)})


def _of_pattern(pattern: str) -> Grammar:
    if not isinstance(pattern, str) or not 0 < len(pattern) <= MOST:
        raise SettingError(
            f"The pattern {str(pattern)[:20]!r} is empty or too long: expected up to {MOST} "
            "characters, # for a digit and - / . , : as they are, such as ##/##/##."
        )
    steps, ends = [], {0}  # states in which the pattern so far may end
    for place, character in enumerate(pattern):
        if character not in LABELS + "#?":
            raise SettingError(
                f"The pattern {pattern[:20]!r} holds {character!r}: expected # for a digit, ? for "
                "a digit or none, digits and - / . , : as they are, such as ##/##/##."
            )
        labels = range(DIGITS) if character in "#?" else [LABELS.index(character)]
        steps += [(state, label, place + 1) for state in ends for label in labels]
        ends = {place + 1} | (ends if character == "?" else set())
    return _automaton(steps, ends, states=len(pattern) + 1)


def _of_length(length: int) -> Grammar:
    if isinstance(length, bool) or not isinstance(length, int) or not 0 < length <= MOST:
        raise SettingError(
            f"The length is {str(length)[:20]}: expected a number of digits from 1 to {MOST}."
        )
    # State 2 n: n digits, no separator last; state 2 n + 1: n digits and a separator.
    steps = []
    for digits in range(length):
        for state in (2 * digits, 2 * digits + 1) if digits else (0,):
            steps += [(state, label, 2 * digits + 2) for label in range(DIGITS)]
        if digits:
            steps += _separators(2 * digits, 2 * digits + 1)
    return _automaton(steps, {2 * length}, states=2 * length + 1)


def _separators(source: int, target: int) -> list[tuple[int, int, int]]:
    return [(source, label, target) for label in range(DIGITS, len(LABELS))]


def _automaton(steps: list[tuple[int, int, int]], final: set[int], states: int = 0) -> Grammar:
    sources, labels, targets = np.array(steps).T
    states = max(states, int(max(sources.max(), targets.max())) + 1)
    return Grammar(sources, labels, targets, np.isin(np.arange(states), list(final)))


# Digits, and single separators between them: state 1 is after a digit, state 2 after a separator.
_DIGITS = [(state, label, 1) for state in (0, 1, 2) for label in range(DIGITS)]
CHARACTERS = _automaton([(0, 0, 1), (1, 0, 1)], {1})  # any, where nobody asks which
ANYTHING = _automaton(_DIGITS + _separators(1, 2), {1})


def _with(mark: str) -> Grammar:
    """Return the automaton of digits with one kind of separator between them."""
    return _automaton([*_DIGITS, (1, LABELS.index(mark), 2)], {1})


def _groups(mark: str, *, first: int, then: tuple[int, ...], most: int) -> Grammar:
    """Return the automaton of up to `most` marks between groups of so many digits.

    Args:
        mark: the separator.
        first: digits of the first group, at most.
        then: allowed numbers of digits in each group after a mark.
        most: marks, at most.
    """
    steps, final, state = [], set(), 0
    ends = set()
    for group, sizes in enumerate([tuple(range(1, first + 1)), *[then] * most]):
        if group:
            steps += [(end, LABELS.index(mark), state + 1) for end in ends]
            state += 1
        start, ends = state, set()
        for size in range(1, max(sizes) + 1):
            source = start if size == 1 else state
            state += 1
            steps += [(source, label, state) for label in range(DIGITS)]
            if size in sizes:
                ends.add(state)
        final |= ends if group else set()
    return _automaton(steps, final)


# What people write, the marks in it, and the logarithm of how much less usual it is than digits
# alone; chosen on numbers of writers that nothing is reported on.
FORMS: tuple[tuple[Grammar, str, float], ...] = (
    (_automaton(_DIGITS[: 2 * DIGITS], {1}), "", 0.0),  # 1745803269
    (_with("-"), "-", 0.0),  # 679-1238
    (_groups("/", first=2, then=(1, 2, 4), most=2), "/", -1.0),  # 12/25/96
    (_groups(":", first=2, then=(1, 2), most=2), ":", -1.0),  # 19:25
    (_with("."), ".", -1.5),  # 366.52
    (_groups(",", first=3, then=(3,), most=3), ",", -1.5),  # 78,901
    (_with(","), ",", -3.0),  # 12,50
    (ANYTHING, SEPARATORS, -4.0),  # 78,901.23
)
