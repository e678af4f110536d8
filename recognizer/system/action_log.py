"""Who did what, when, to which model, training or table, and how it went: a line of JSON each.

journal.write("visitor", "visitor 3f9a", "promote", "mine", "refused")

The lines go to RECOGNIZER_HOME/logs/actions.log, which begins anew when it is large, and to stderr
too where a server asks for it. Never a drawing, a pixel or a label. JSON escapes line breaks, so no
name can forge a line.

Internal errors go to faults.log beside it, a few a minute: who causes them at will pushes no line
out of the log of actions.
"""

import json
import logging
import secrets
import threading
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from logging.handlers import RotatingFileHandler
from pathlib import Path

from recognizer.system import home
from recognizer.system.log_rate import Rate

NAME = "recognizer.actions"
FOLDER, FILE, FAULTS = "logs", "actions.log", "faults.log"
BYTES, FILES = 1_000_000, 5  # of one file, and how many earlier ones stay
LONGEST = 200  # characters of a value
REFERENCE_BYTES = 3  # of the hexadecimal number that refers to an error
DONE, REFUSED, FAILED, FAULT = "done", "refused", "failed", "fault"
ALIKE, FAULTS_A_MINUTE = 5, 30  # internal errors that are written: of one place in the code, of all
_ONE_AT_A_TIME = threading.Lock()
_rate = Rate(ALIKE, FAULTS_A_MINUTE, 60.0)
_references: dict[tuple, str] = {}  # of the last error that was written, by what is alike
_PLAIN = logging.Formatter("%(message)s")


def write(
    role: str, who: str, action: str, target: str, outcome: str, **more: str | list[str]
) -> None:
    """Write down one thing that somebody did, or tried to do.

    Args:
        role: of who did it.
        who: an operator's address, or a random number of the session; nothing more personal.
        action: what was to be done.
        target: the name of the model, training or table; empty where there is none.
        outcome: DONE, REFUSED, FAILED or FAULT.
        more: what else is worth knowing, such as the reason.
    """
    _write(FILE, role, who, action, target, outcome, **more)


def _write(
    file: str,
    role: str,
    who: str,
    action: str,
    target: str,
    outcome: str,
    **more: str | list[str],
) -> None:
    facts = {"role": role, "who": who, "action": action, "target": target, "outcome": outcome}
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds")}
    line |= {key: _short(value) for key, value in (facts | more).items() if value}
    _logger(file).info(json.dumps(line))


def write_fault(role: str, who: str, action: str, target: str, error: BaseException) -> str:
    """Log an internal error, without what its message might hold; not each of many alike.

    Returns:
        The reference under which the line is found, or that of the last one like it; people see it
        in place of a traceback.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames][-20:]
    kind = type(error).__name__
    alike = (action, kind, *where[-1:])
    left_out = _rate.take(alike)
    if left_out is None:
        return _references.get(alike, "of the last line of faults.log")
    reference = secrets.token_hex(REFERENCE_BYTES)
    if len(_references) > 1_000:
        _references.clear()
    _references[alike] = reference
    more = {"left_out": str(left_out)} if left_out else {}
    about = (role, who, action, target)
    _write(FAULTS, *about, FAULT, reference=reference, kind=kind, where=where, **more)
    return reference


def to_stderr() -> None:
    """Write the lines to stderr too, where a container or systemd keeps them."""
    for logger in map(_logger, (FILE, FAULTS)):
        if not any(type(one) is logging.StreamHandler for one in logger.handlers):
            handler = logging.StreamHandler()
            handler.setFormatter(_PLAIN)
            logger.addHandler(handler)


def path(file: str = FILE) -> Path:
    """Return the file."""
    return home.folder() / FOLDER / file


def _short(value: str | list[str]) -> str | list[str]:
    return [_short(one) for one in value] if isinstance(value, list) else str(value)[:LONGEST]


def _logger(file: str) -> logging.Logger:
    """Return the logger, which writes into today's RECOGNIZER_HOME where it can."""
    logger = logging.getLogger(NAME if file == FILE else f"{NAME}.{file}")
    logger.setLevel(logging.INFO)
    logger.propagate = False  # Streamlit's own would write each line once more, in another form
    with _ONE_AT_A_TIME:
        try:
            wanted = _file(path(file))
        except OSError as error:
            wanted = None
            logging.getLogger(__name__).warning("No log in %s: %s", path().parent, error)
        for one in logger.handlers[:]:
            if isinstance(one, RotatingFileHandler) and one is not wanted:
                logger.removeHandler(one)
                one.close()
        if wanted and wanted not in logger.handlers:
            logger.addHandler(wanted)
    return logger


@lru_cache(maxsize=2)
def _file(path: Path) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = RotatingFileHandler(path, maxBytes=BYTES, backupCount=FILES, encoding="utf-8")
    handler.setFormatter(_PLAIN)
    return handler
