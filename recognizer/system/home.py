"""Where the project lies, and the folder of everything that is written: RECOGNIZER_HOME."""

import os
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


def folder() -> Path:
    """Return the folder of everything that is written: RECOGNIZER_HOME, or one in the checkout."""
    return Path(os.environ.get("RECOGNIZER_HOME") or PROJECT / ".recognizer").expanduser()


def now() -> str:
    """Return day and time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
