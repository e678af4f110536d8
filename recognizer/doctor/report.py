"""What a check of the doctor found: all well, something to know, or something to fix."""

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
        message: one line in words.
        fix: what to do about it; empty where all is well.
    """

    level: Level
    message: str
    fix: str = ""


def ok(message: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(Level.OK, message)


def warning(message: str, fix: str) -> Finding:
    """Return something to know."""
    return Finding(Level.WARNING, message, fix)


def fault(message: str, fix: str) -> Finding:
    """Return something to fix."""
    return Finding(Level.FAULT, message, fix)
