"""Pictures without labels: the page asks whether each holds one digit or one number."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO
from zipfile import BadZipFile, ZipFile

import cv2
import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.components import markup, messages
from recognizer.datasets.formats.pictures import Picture, in_zip, is_picture
from recognizer.errors import RecognizerError, reason
from recognizer.imaging.decoding import decode_picture
from recognizer.inference import Recognizer
from recognizer.numbers import COLUMNS, SIDE, Line, harmless, read_numbers, table_rows

MOST = 500  # pictures that the page reads; the command line reads any number
_THUMBNAIL = 40  # pixels: height of a line in the table


@dataclass(frozen=True)
class Row:
    """A line of writing, or why there is none.

    Attributes:
        cells: of `COLUMNS`.
        thumbnail: an address that holds its picture; "" without one.
    """

    cells: tuple[str, ...]
    thumbnail: str = ""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures that were brought, of which nobody has said yet what is on them.

    Attributes:
        uploads: the files, as they were brought.
        pictures: each picture in them.
    """

    uploads: Sequence[IO[bytes]]
    pictures: Sequence[Picture]


def unlabelled(uploads: Sequence[IO[bytes]]) -> Pictures | None:
    """Return the pictures in what was brought; None where there is anything else, or labels."""
    if all(is_picture(upload.name) for upload in uploads):
        return Pictures(uploads, [Picture(one.name, one.getvalue) for one in uploads])
    if len(uploads) > 1 or PurePath(uploads[0].name).suffix.lower() != ".zip":
        return None
    try:
        archive = ZipFile(io.BytesIO(uploads[0].getvalue()))
        files = [one.filename for one in archive.infolist() if not one.is_dir()]
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return None  # what is wrong with it is said where it is read
    seen = [name for name in files if not _is_hidden(name)]
    pictures = [one for one in in_zip(archive) if not _is_hidden(one.path)]
    if len(pictures) < len(seen) or not pictures or any(one.label is not None for one in pictures):
        return None
    return Pictures(uploads, sorted(pictures, key=lambda one: one.path))


def _is_hidden(name: str) -> bool:
    parts = PurePath(name).parts
    return parts[0] == "__MACOSX" or parts[-1].startswith(".")


def read(recognizer: Recognizer, picture: Picture) -> list[Row]:
    """Read one picture; return a row for each line of writing in it."""
    try:
        image = decode_picture(picture.read(), SIDE)
        page = read_numbers(recognizer, image)
    except RecognizerError as error:
        return [Row((picture.path, "", "", "", "", str(error)))]
    except Exception as error:  # a zip that is damaged in its middle
        return [Row((picture.path, "", "", "", "", f"cannot be read ({reason(error)})"))]
    thumbnails = [_thumbnail(image, line) for line in page.lines] or [""]
    rows = table_rows(picture.path, page)
    return [Row(cells, thumbnail) for cells, thumbnail in zip(rows, thumbnails, strict=True)]


def _thumbnail(image: np.ndarray, line: Line) -> str:
    """Return the part of a picture that holds a line, as an address that holds it."""
    x, y, width, height = line.box
    room = max(2, round(0.15 * height))
    part = image[max(0, y - room) : y + height + room, max(0, x - room) : x + width + room]
    scale = min(1.0, _THUMBNAIL / max(1, part.shape[0]))
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    return markup.source(cv2.resize(part, size, interpolation=cv2.INTER_AREA))


def show(rows: Sequence[Row], of: int) -> None:
    """Show the numbers that were read, the least certain first, to correct and to download."""
    table = pd.DataFrame([row.cells for row in rows], columns=list(COLUMNS))
    blank = int((table["error"] == "blank").sum())
    bad = int((table["text"] == "").sum()) - blank
    doubted = int((table["is_digit"] == "false").sum())
    st.subheader("Numbers in your pictures", anchor=False)
    said = [f"{len(rows) - blank - bad:,} numbers read, the least certain first"]
    said += [f"{doubted:,} of them with something that does not look like a digit"] * bool(doubted)
    said += [f"{blank:,} blank"] * bool(blank) + [f"{bad:,} that cannot be read"] * bool(bad)
    st.caption(", ".join(said) + ". Correct a text in the table; the file below has it.")
    if of > MOST:
        messages.warning(
            f"Only the first {MOST} of {of:,} pictures are read here; the command line reads any "
            "number: python -m recognizer read DIR --several --out numbers.csv"
        )
    table.insert(0, "picture", [row.thumbnail for row in rows])
    certain = pd.to_numeric(table["confidence"], errors="coerce")
    edited = st.data_editor(
        table.iloc[np.argsort(certain.fillna(2).to_numpy(), kind="stable")],
        hide_index=True,
        disabled=[column for column in table.columns if column != "text"],
        column_config={"picture": st.column_config.ImageColumn("picture", width="medium")},
        key=f"numbers-{id(rows)}",
    )
    as_read = edited.sort_index()[list(COLUMNS)].fillna("").astype(str)
    st.download_button(
        "numbers.csv",
        _csv(list(as_read.itertuples(index=False, name=None))),
        "numbers.csv",
        "text/csv",
        on_click="ignore",
        type="primary",
    )


def _csv(rows: Sequence[tuple[str, ...]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([COLUMNS, *(map(harmless, row) for row in rows)])
    return file.getvalue().encode()
