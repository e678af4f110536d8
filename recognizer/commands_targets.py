"""Where the submissions of tables go, and what is told when they are there."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from recognizer.commands_evaluate import PIPE, tell_evaluation
from recognizer.errors import SettingError, StorageError
from recognizer.evaluation import Tally
from recognizer.places import Place, is_address

PACKED = (".gz", ".zip")


def targets(tables: Sequence[Place], to: str | None, *, single: bool) -> list[str | None]:
    """Return the file to write for each table.

    Args:
        tables: in `a/test.csv` and `b/test.csv.gz`, what differs is kept: a/test.csv, b/test.csv.
        to: a folder, or None for none; it is made.
        single: whether `to` is the one table's file, and no folder.

    Raises:
        SettingError: two tables have the same file.
        StorageError: the folder cannot be made.
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
    for folder in {Path(file).parent for file in files if not is_address(file)}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{folder} cannot be made ({error.strerror or error}): name another folder."
            ) from error
    return files


def check(table: str, *targets: str | None) -> None:
    """Refuse to write over the table that is read, or two files into one.

    Raises:
        SettingError: told in one sentence.
    """
    paths = [Path(one).resolve() for one in targets if one and not is_address(one)]
    if table != PIPE and Path(table).resolve() in paths:
        raise SettingError(f"{table} is the table to read: name another file to write.")
    if len(set(paths)) < len(paths):
        raise SettingError("--out and --probabilities are the same file: name two.")


def tell(table: str, out: str, rows: int, model: str, tally: Tally) -> None:
    """Say what was read and written, and of a table that had labels, how well."""
    print(f"{table}: {rows:,} digits read by {model}, written to {out}")
    if tally.n:
        print("It has a label column, which the model did not see; by it:")
        tell_evaluation(model, tally.evaluation())


def _full(name: str) -> PurePath:
    return PurePath(name) if is_address(name) else Path(name).resolve()


def _csv(path: PurePath) -> PurePath:
    """Return the path as that of a CSV: test.csv.gz and test.parquet become test.csv."""
    while path.suffix in PACKED:
        path = path.with_suffix("")
    return path.with_suffix(".csv")
