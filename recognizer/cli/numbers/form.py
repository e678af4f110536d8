"""`sheet`: a form to print; `read --form`: a photo of a filled-in one, to a table."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizer.api.documents import form_entry
from recognizer.errors import PictureError, RecognizerError, StorageError, reason
from recognizer.system import atomic

if TYPE_CHECKING:
    from recognizer.forms import Form

# As in recognizer.forms, which is not imported for the sake of --help: it brings OpenCV.
_KINDS, _PAPERS = ("digit", "number"), ("A4", "Letter")


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add `sheet` to the command line."""
    command = commands.add_parser("sheet", help="make a form to print, for `read --form`")
    command.add_argument("--rows", type=int, default=12, help="of cells, 12 if left out")
    command.add_argument("--columns", type=int, default=6, help="of cells, 6 if left out")
    command.add_argument(
        "--cells", choices=_KINDS, default=_KINDS[0], help="what each is for: one digit or a number"
    )
    command.add_argument("--paper", choices=_PAPERS, default=_PAPERS[0])
    command.add_argument("--title", default="", help="stands at its top")
    command.add_argument("--out", type=Path, required=True, metavar="sheet.html")
    command.set_defaults(run=sheet)


def add_option(command: argparse.ArgumentParser) -> None:
    """Give `read` the options for forms."""
    command.add_argument(
        "--form", action="store_true", help="each picture is a filled-in sheet, or a ruled table"
    )
    command.add_argument(
        "--cells", choices=_KINDS, help="what each cell of a form holds; a printed sheet tells it"
    )


def sheet(options: argparse.Namespace) -> None:
    """Write a sheet."""
    from recognizer.forms import Layout, sheet_html

    layout = Layout(options.rows, options.columns, options.cells, options.paper)
    _write(options.out, sheet_html(layout, options.title))
    print(
        f"{options.out}: {layout.rows} rows and {layout.columns} columns on {layout.paper}; print "
        "it from a browser, then: python -m recognizer read photo.jpg --form"
    )


def read(options: argparse.Namespace) -> int:
    """Read photos of forms; those that cannot be read are named on stderr."""
    from recognizer.forms import table_csv
    from recognizer.inference import Recognizer
    from recognizer.system.process import silence_native_stderr

    with silence_native_stderr():
        recognizer = Recognizer.load(*options.model or [])
    read_ones, status = [], 0
    for file in options.pictures:
        try:
            form = _read(recognizer, file, options.cells)
        except RecognizerError as error:
            print(f"{file}: {error}", file=sys.stderr)
            status = 2
            continue
        _say(file, form)
        read_ones.append((file, form))
    if options.json:
        print(json.dumps([form_entry(*one) for one in read_ones], indent=2))
    if options.out is not None and read_ones:
        _write(options.out, table_csv(_rows(read_ones)))
        rows = sum(form.rows for _, form in read_ones)
        count = f"{len(read_ones):,} form{'s' * (len(read_ones) > 1)}"
        print(f"{rows:,} rows of {count} read into {options.out}.")
    elif not options.json:
        for row in _rows(read_ones):
            print("\t".join(row))
    return status


def _read(recognizer: Any, file: str, kind: str | None) -> "Form":
    from recognizer.forms import SIDE, read_form
    from recognizer.imaging.decoding import decode_picture

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise PictureError(f"{reason(error)}; name a PNG or JPEG file.") from error
    return read_form(recognizer, decode_picture(data, SIDE), kind)


def _say(file: str, form: "Form") -> None:
    """Name the cells that someone should look at."""
    if form.doubtful:
        named = [f"{cell.name} {cell.text} ({cell.confidence:.0%})" for cell in form.doubtful[:9]]
        more = ", …" if len(form.doubtful) > len(named) else ""
        cells = f"{len(form.doubtful)} doubtful cell{'s' * (len(form.doubtful) > 1)}"
        print(f"{file}: {cells}: {', '.join(named)}{more}", file=sys.stderr)


def _rows(forms: list[tuple[str, "Form"]]) -> list[list[str]]:
    """Return the tables one below the other; each row begins with its file where they are many."""
    if len(forms) == 1:
        return forms[0][1].table
    return [[file, *row] for file, form in forms for row in form.table]


def _write(out: Path, content: str) -> None:
    try:
        atomic.write_bytes(out, content.encode())
    except OSError as error:
        raise StorageError(
            f"{out} cannot be written ({reason(error)}): choose another file for --out."
        ) from error
