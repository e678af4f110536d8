"""Folders that are replaced as a whole: a kill at any moment leaves the old one or the new one.

No rename puts a folder in the place of another, so the old one steps aside for a moment. Whoever
looks with `named` finds it there, and the next `sweep` clears up.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from recognizer import files

UNFINISHED = ".publish-"  # starts the name of a folder that is being filled or deleted
ASIDE = ".replaced-"  # starts the name of a folder while another takes its place


def named(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and folder of each folder, by name, without the hidden ones."""
    there = [path.name for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    for name in sorted({one.removeprefix(ASIDE) for one in there}):
        if not name.startswith("."):
            # The new one is in place before the old one goes, so the third look finds it.
            places = (root / name, root / (ASIDE + name), root / name)
            yield name, next((folder for folder in places if folder.is_dir()), root / name)


def put(folder: Path, target: Path) -> None:
    """Rename a folder to `target`; what is there goes, or comes back when that fails.

    Args:
        folder: on the same disk, flushed to it.
        target: its new place; one writer at a time.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = target.with_name(ASIDE + target.name)
    if target.exists():
        target.rename(aside)
    try:
        folder.rename(target)
    except BaseException:
        if aside.exists():
            aside.rename(target)
        raise
    try:
        files.flush_folder(target.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def remove(folder: Path) -> None:
    """Delete a folder: it is gone as a whole at once, its content as soon as it can be.

    Raises:
        OSError: it cannot be renamed: it is whole.
    """
    doomed = folder.with_name(UNFINISHED + folder.name)
    shutil.rmtree(doomed, ignore_errors=True)  # one that a kill left
    folder.rename(doomed)
    files.flush_folder(folder.parent)
    shutil.rmtree(doomed, ignore_errors=True)


def sweep(root: Path) -> None:
    """Clear up what a kill left; no one else may be writing in there."""
    for folder in root.glob(UNFINISHED + "*"):
        shutil.rmtree(folder)
    for aside in root.glob(ASIDE + "*"):
        target = aside.with_name(aside.name.removeprefix(ASIDE))
        if target.exists():
            shutil.rmtree(aside)
        else:
            aside.rename(target)
