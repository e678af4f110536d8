"""How much a server takes on. Each has a name, a default, and an environment variable.

limits.current().queue    # RECOGNIZER_MAX_QUEUE, or the default below
"""

import os
from dataclasses import dataclass, fields

from recognizer.errors import SettingError

PREFIX = "RECOGNIZER_MAX_"
MOST = 1_000_000


@dataclass(frozen=True)
class Limits:
    """What is refused beyond these numbers.

    Attributes:
        sessions: tabs that are open at once.
        connections: of browsers, proxies and programs that are open at once.
        uploads: files that arrive at once, from all sessions.
        session_uploads: likewise from one session.
        upload_mb: megabytes of files in memory and on their way, of all sessions. How large one
            may be is Streamlit's `server.maxUploadSize`.
        session_upload_mb: likewise of one session.
        queue: trainings that wait for their turn.
        corrections: drawings kept, of everyone.
        session_corrections: drawings kept of one visitor's session; the operator has none.
        class_pupils: pupils who join one class.
        class_drawings: drawings kept, of all classes.
        api_requests: of the API that are served at once.
        api_minute: requests a minute of one API key.
        api_mb: megabytes of one table sent to the API.
    """

    sessions: int = 100
    connections: int = 1_000
    uploads: int = 4
    session_uploads: int = 2
    upload_mb: int = 1_000
    session_upload_mb: int = 400
    queue: int = 10
    corrections: int = 20_000
    session_corrections: int = 200
    class_pupils: int = 60
    class_drawings: int = 50_000
    api_requests: int = 32
    api_minute: int = 600
    api_mb: int = 200


def variable(name: str) -> str:
    """Return the environment variable that sets a limit."""
    return PREFIX + name.upper()


def current() -> Limits:
    """Return the limits that are set.

    Raises:
        SettingError: one is no whole number from 1 to a million.
    """
    values = {one.name: os.environ.get(variable(one.name)) for one in fields(Limits)}
    return Limits(**{name: _number(name, text) for name, text in values.items() if text})


def _number(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST and len(text) < 9:
        return int(text)
    raise SettingError(
        f"{variable(name)} is {text[:20]!r}: expected a whole number from 1 to {MOST:,}, "
        "or nothing for the default."
    )
