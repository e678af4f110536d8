"""The doctor's look at where everything is written: can it be, is there room, what was left."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from recognizer import folders, store
from recognizer.errors import reason
from recognizer.findings import Finding, fault, ok, warning

MB = 1_000_000
NEEDED = 100 * MB  # corrections, a small network's training
AMPLE = 3_000 * MB  # three checkpoints of the largest network while one is written, and its model
LEFT = (f"models/{folders.UNFINISHED}*", f"models/{folders.ASIDE}*", "**/.*.tmp", "jobs/*/scratch")
NAMED = 3  # leftovers in one line


def writable() -> Iterator[Finding]:
    """Check that files can be written to the disk and flushed; nothing of it stays."""
    home = store.home()
    folder = _existing(home)
    if not folder.is_dir():
        yield fault(
            f"{folder} is no folder: nothing can be written",
            "move it away, or set RECOGNIZER_HOME to another folder",
        )
        return
    try:
        if folder != home:
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(f"{folder} is read-only")
            yield ok(f"{home} is not there yet and can be made")
            return
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        yield fault(
            f"{home} cannot be written ({reason(error)}): no training, no corrections",
            "make room or the folder writable for the user who runs the app, or set "
            "RECOGNIZER_HOME to another folder",
        )
    else:
        yield ok(f"{home} can be written and flushed to the disk")


def room() -> Iterator[Finding]:
    """Check the free space against what a training needs."""
    try:
        free = shutil.disk_usage(_existing(store.home())).free
    except OSError:
        return  # which `writable` has told
    told = f"{free / MB:,.0f} MB are free"
    mend = "delete trainings or models you no longer need, or set RECOGNIZER_HOME to another disk"
    if free < NEEDED:
        yield fault(f"{told}; expected {NEEDED // MB} MB or more", mend)
    elif free < AMPLE:
        yield warning(f"{told}; training the largest network takes up to {AMPLE // MB:,} MB", mend)
    else:
        yield ok(told)


def leftovers() -> Iterator[Finding]:
    """Look for what interrupted writes have left."""
    home = store.home()
    if home.exists() and not os.access(home, os.R_OK | os.X_OK):
        return  # which `writable` has told
    found = sorted({path for pattern in LEFT for path in home.glob(pattern)})
    if not found:
        yield ok("No interrupted write has left anything")
        return
    names = [str(path.relative_to(home)) for path in found[:NAMED]]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    yield warning(
        f"Interrupted writes have left {', '.join(names)}{more} ({_size(found) / MB:,.1f} MB), "
        "unless something is being written right now",
        "leave it: no model is lost; the next training that publishes clears up in models/, and "
        "the next write of the same file takes its .tmp",
    )


def _existing(folder: Path) -> Path:
    """Return the folder, or of those it lies in the nearest that exists."""
    return next(one for one in (folder, *folder.absolute().parents) if os.path.lexists(one))


def _size(paths: list[Path]) -> int:
    files = [one for path in paths for one in (path, *path.rglob("*")) if one.is_file()]
    return sum(file.stat().st_size for file in files)
