"""Where the project lies, and the folder of everything that is written: RECOGNIZER_HOME."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


def folder() -> Path:
    """Return the folder of everything that is written: RECOGNIZER_HOME, or one in the checkout."""
    return Path(os.environ.get("RECOGNIZER_HOME") or PROJECT / ".recognizer").expanduser()


_ABSOLUTE = re.compile(
    r"(?<![\w./])/(?:home|root|var|tmp|opt|srv|usr|etc|mnt|media|data|proc|dev|run|app"
    r"|Users|private|Volumes)(?:/[^\s/,;:()'\"]+)*/([^\s/,;:()'\"]+)"
)


def without_paths(text: str) -> str:
    """Return a sentence for those who have no business with the server's disk.

    What lies in RECOGNIZER_HOME or in the project is named from there, other files by their names.
    """
    for place, name in ((folder(), "RECOGNIZER_HOME"), (PROJECT, "the app's folder")):
        for root in {str(place), str(place.resolve())}:
            text = re.sub(rf"(?<![\w.-]){re.escape(root)}(?![\w.-])", name, text)
    return _ABSOLUTE.sub(r"\1", text)


def now() -> str:
    """Return day and time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
