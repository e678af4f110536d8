"""What is fuzzed, and what must hold of every error."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis.strategies import SearchStrategy

from recognizer.errors import RecognizerError

LONGEST = 700  # characters that an error may have: it is one sentence, whatever came in

Result = TypeVar("Result")


@dataclass(frozen=True)
class Target:
    """Something that takes in what anyone may bring.

    Attributes:
        name: for the command line.
        cases: what it is given.
        check: raises when it does something else than it should.
        cost: how many cases of another target could be checked in the time of one.
        seconds: that a case may take.
    """

    name: str
    cases: SearchStrategy
    check: Callable[[Any], None]
    cost: int = 1
    seconds: float = 10


def told(call: Callable[[], Result], kind: type[RecognizerError]) -> Result | str:
    """Return what a call returns, or the sentence that it raised as an error of this kind."""
    try:
        return call()
    except kind as error:
        return checked(error)


def checked(error: RecognizerError) -> str:
    """Return an error's message, having checked that it is one sentence on one line."""
    message = str(error)
    assert message.isprintable(), f"not to be shown: {message[:LONGEST]!r}"
    assert 20 < len(message) <= LONGEST, f"{len(message)} characters: {message[:LONGEST]}"
    assert message.endswith("."), message
    return message
