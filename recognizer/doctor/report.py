"""What a check of the doctor found: all well, something to know, or something to mend."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"  # the app works, but not in all, or not for long
    FAULT = "fault"  # something does not work


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        level: how much it matters.
        told: one line in words.
        mend: what to do about it; empty where all is well.
    """

    level: Level
    told: str
    mend: str = ""


def ok(told: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(Level.OK, told)


def warning(told: str, mend: str) -> Finding:
    """Return something to know."""
    return Finding(Level.WARNING, told, mend)


def fault(told: str, mend: str) -> Finding:
    """Return something to mend."""
    return Finding(Level.FAULT, told, mend)
