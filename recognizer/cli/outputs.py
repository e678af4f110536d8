"""Where the submissions of tables go, and what is printed once they are written."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from recognizer.cli.evaluate import PIPE, print_evaluation
from recognizer.datasets.locations import Place, identity, is_address
from recognizer.errors import SettingError, StorageError
from recognizer.evaluation import Tally

PACKED = (".gz", ".zip")


def targets(tables: Sequence[Place], to: str | None, *, single: bool) -> list[str | None]:
    """Return the file to write for each table.

    Args:
        tables: in `a/test.csv` and `b/test.csv.gz`, what differs is kept: a/test.csv, b/test.csv.
        to: a folder, or None for none.
        single: whether `to` is the one table's file, and no folder.

    Raises:
        SettingError: two tables have the same file.
    """
    if to is None or single:
        return [to] * len(tables)
    paths = [_full(table.name) for table in tables]
    try:
        shared = os.path.commonpath([path.parent for path in paths])
        kept = [path.relative_to(shared) for path in paths]
    except ValueError:  # on this machine and elsewhere
        kept = [PurePath(path.name) for path in paths]
    files = [f"{to.rstrip('/')}/{_csv(path).as_posix()}" for path in kept]
    if twice := next((file for file in files if files.count(file) > 1), None):
        raise SettingError(f"{twice} would be written for two tables: read them one by one.")
    return files


def check(tables: Sequence[str], targets: Sequence[str | None]) -> None:
    """Refuse to write over a table that is read, or two files into one.

    Args:
        tables: every path and address that is read.
        targets: every one that is written.

    Raises:
        SettingError: a file would be overwritten, or written twice.
    """
    read = {identity(table) for table in tables if table != PIPE}
    written = set()
    for target in filter(None, targets):
        known = identity(target)
        if known in read:
            raise SettingError(
                f"{target} is a table to read: name another file or folder to write."
            )
        if known in written:
            raise SettingError(
                f"{target} would be written twice: name two places for --out and --probabilities."
            )
        written.add(known)


def make_folders(targets: Sequence[str | None]) -> None:
    """Make the folders of files to write.

    Raises:
        StorageError: one cannot be made.
    """
    for folder in {Path(one).parent for one in targets if one and not is_address(one)}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{folder} cannot be made ({error.strerror or error}): name another folder."
            ) from error


def print_summary(table: str, out: str, rows: int, model: str, tally: Tally) -> None:
    """Print what was read and written and, for a table with labels, the accuracy."""
    print(f"{table}: {rows:,} digits read by {model}, written to {out}")
    if tally.n:
        print("It has a label column, which the model did not see; by it:")
        print_evaluation(model, tally.evaluation())


def _full(name: str) -> PurePath:
    return PurePath(name) if is_address(name) else Path(name).resolve()


def _csv(path: PurePath) -> PurePath:
    """Return the path as that of a CSV: test.csv.gz and test.parquet become test.csv."""
    while path.suffix in PACKED:
        path = path.with_suffix("")
    return path.with_suffix(".csv")
