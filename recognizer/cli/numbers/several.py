"""`read --several`: pictures of several digits, to lines, JSON, or a table that can be resumed."""

import argparse
import csv
import glob
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from recognizer.api.documents import page_entry
from recognizer.cli.progress import bar
from recognizer.errors import PictureError, RecognizerError, SettingError, StorageError, reason
from recognizer.imaging.formats import FILE_TYPES

if TYPE_CHECKING:
    from recognizer.numbers import Line, Page

COLUMNS = ("file", "line", "text", "confidence", "is_digit", "error")
PICTURES = tuple(f".{one}" for one in FILE_TYPES)


def add_to(command: argparse.ArgumentParser) -> None:
    """Give `read` the options for several digits."""
    command.add_argument(
        "--several", action="store_true", help="each picture holds numbers of several digits"
    )
    command.add_argument("--length", type=int, metavar="N", help="of each number, in digits")
    command.add_argument(
        "--pattern", help="of each number, such as ##.##: # a digit, ? a digit or none"
    )
    command.add_argument(
        "--out", type=Path, metavar="CSV", help="write a table; a run that was stopped goes on"
    )


def check(options: argparse.Namespace) -> None:
    """Check that what is given goes together.

    Raises:
        SettingError: an option is given that means nothing without another, or beside it.
    """
    given = [name for name in ("length", "pattern", "out") if getattr(options, name) is not None]
    if options.form and options.several:
        raise SettingError("Both --several and --form are given: expected one of them.")
    for name in ("length", "pattern", "hand"):
        if options.form and getattr(options, name) is not None:
            raise SettingError(f"--{name} has no meaning with --form: leave it out.")
    if options.cells is not None and not options.form:
        raise SettingError("--cells is for forms: add --form.")
    if given and not options.several and not options.form:
        raise SettingError(f"--{given[0]} is for numbers of several digits: add --several.")


def read(options: argparse.Namespace) -> int:
    """Read pictures of several digits; those that cannot be read are named on stderr."""
    from recognizer.inference import Recognizer
    from recognizer.numbers import read_numbers
    from recognizer.system.process import silence_native_stderr

    files = list(_files(options.pictures))
    with silence_native_stderr():
        recognizer = Recognizer.load(*options.model or [])
    wanted = {"length": options.length, "pattern": options.pattern}
    read_numbers(recognizer, None, [], **wanted)  # says at once what is wrong with them
    if options.out is not None:
        return _to_table(recognizer, files, options.out, wanted)
    entries, status = [], 0
    for file in files:
        try:
            page = _read(recognizer, file, wanted)
        except RecognizerError as error:
            print(f"{file}: {error}", file=sys.stderr)
            status = 2
            continue
        entries.append(page_entry(str(file), page))
        if not options.json:
            _print(file, page)
    if options.json:
        print(json.dumps(entries, indent=2))
    return status


def _files(named: list[Path]) -> Iterator[Path]:
    """Yield the pictures that are named, in folders and by patterns such as `scans/*.jpg` too."""
    for path in named:
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURES)
        elif not path.exists() and glob.has_magic(str(path)):
            found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute patterns too)
            if not found:
                raise SettingError(f"No file matches {path}: name pictures, or a folder of them.")
            yield from map(Path, found)
        else:
            yield path


def _read(recognizer: Any, file: Path, wanted: dict[str, Any]) -> "Page":
    from recognizer.imaging.decoding import decode_picture
    from recognizer.numbers import SIDE, read_numbers

    try:
        data = file.read_bytes()
    except OSError as error:
        raise PictureError(f"{reason(error)}; name a PNG or JPEG file.") from error
    return read_numbers(recognizer, decode_picture(data, SIDE), **wanted)


def _print(file: Path, page: "Page") -> None:
    """Print a line for each line of writing."""
    if page.warning:
        print(f"{file}: {page.warning}", file=sys.stderr)
    if not page.lines:
        print(f"{file}\tblank")
    for line in page.lines:
        doubt = "" if _sure(line) == "true" else "\tdoes not look like digits only"
        print(f"{file}\t{line.text}\t{line.confidence:.1%}{doubt}")


def _to_table(recognizer: Any, files: list[Path], out: Path, wanted: dict[str, Any]) -> int:
    """Write a row for each line of writing; what an earlier run has written is kept."""
    from recognizer.numbers import harmless

    try:
        done = _resume(out)
        with out.open("a", newline="", encoding="utf-8") as table, bar() as show:
            if not table.tell():
                csv.writer(table).writerow(COLUMNS)
            for number, file in enumerate(files, 1):
                if harmless(str(file)) not in done:
                    _write(table, file, recognizer, wanted)
                show(number, number / len(files))
    except OSError as error:
        raise StorageError(
            f"{out} cannot be written ({reason(error)}): choose another file for --out."
        ) from error
    skipped = sum(harmless(str(file)) in done for file in files)
    before = f", {skipped:,} of them by an earlier run" if skipped else ""
    print(f"{len(files):,} pictures read into {out}{before}.")
    return 0


def _write(table: TextIO, file: Path, recognizer: Any, wanted: dict[str, Any]) -> None:
    """Write one picture's rows at once, so that a table that was cut off ends with a whole one."""
    from recognizer.numbers import harmless, table_rows

    try:
        page = _read(recognizer, file, wanted)
        rows = table_rows(str(file), page)
    except RecognizerError as error:
        rows = [(str(file), "", "", "", "", str(error))]
    csv.writer(table).writerows([map(harmless, row) for row in rows])
    table.flush()


def _sure(line: "Line") -> str:
    return str(all(digit.is_digit for digit in line.digits)).lower()


def _resume(out: Path) -> set[str]:
    """Return the files that a table holds already; the last one is taken out, to be read again.

    It may have been cut off in the middle when the earlier run was stopped.
    """
    if not out.exists() or not out.stat().st_size:
        return set()
    with out.open(newline="", encoding="utf-8") as table:
        rows = list(csv.reader(table))
    if tuple(rows[0]) != COLUMNS:
        raise SettingError(
            f"{out} is another table: expected the columns {','.join(COLUMNS)} of an earlier run "
            "to go on with; choose another file for --out."
        )
    last = rows[-1][0] if len(rows) > 1 else None
    kept = [row for row in rows[1:] if row[0] != last]
    part = out.with_name(out.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([COLUMNS, *kept])
    part.replace(out)
    return {row[0] for row in kept}
