"""Pictures without labels: the page asks whether each holds one digit or one number."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO
from zipfile import BadZipFile, ZipFile

import pandas as pd
import streamlit as st

from pages.shared import model_cache
from pages.shared.components import messages
from recognizer.datasets.formats.pictures import Picture, in_zip, is_picture
from recognizer.errors import RecognizerError, reason
from recognizer.imaging.decoding import decode_picture
from recognizer.models.registry import StoredModel
from recognizer.numbers import COLUMNS, harmless, read_numbers, table_rows

MOST = 500  # pictures that the page reads; the command line reads any number


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


def read(found: Pictures, model: StoredModel) -> list[tuple[str, ...]]:
    """Read the numbers in pictures while the page shows how far it is; return rows of `COLUMNS`.

    Raises:
        ModelError: the model is damaged.
    """
    recognizer = model_cache.recognizer(model)
    rows, of = [], len(found.pictures)
    shown = st.progress(0.0, "Reading the first picture …")
    for number, picture in enumerate(found.pictures[:MOST], 1):
        try:
            rows += table_rows(picture.path, read_numbers(recognizer, _pixels(picture)))
        except RecognizerError as error:
            rows.append((picture.path, "", "", "", "", str(error)))
        except Exception as error:  # a zip that is damaged in its middle
            rows.append((picture.path, "", "", "", "", f"cannot be read ({reason(error)})"))
        shown.progress(number / min(of, MOST), f"{number:,} of {of:,} pictures")
    shown.empty()
    return rows


def _pixels(picture: Picture):
    return decode_picture(picture.read())


def show(rows: Sequence[tuple[str, ...]], of: int) -> None:
    """Show the numbers that were read, and offer them as a table."""
    blank = sum(row[-1] == "blank" for row in rows)
    bad = sum(not row[2] for row in rows) - blank
    doubted = sum(row[4] == "false" for row in rows)
    st.subheader("Numbers in your pictures", anchor=False)
    said = [f"{len(rows) - blank - bad:,} numbers read"]
    said += [f"{doubted:,} of them with something that does not look like a digit"] * bool(doubted)
    said += [f"{blank:,} blank"] * bool(blank) + [f"{bad:,} that cannot be read"] * bool(bad)
    st.caption(", ".join(said) + ".")
    if of > MOST:
        messages.warning(
            f"Only the first {MOST} of {of:,} pictures are read here; the command line reads any "
            "number: python -m recognizer read DIR --several --out numbers.csv"
        )
    st.dataframe(pd.DataFrame(rows, columns=list(COLUMNS)), hide_index=True)
    st.download_button(
        "numbers.csv", _csv(rows), "numbers.csv", "text/csv", on_click="ignore", type="primary"
    )


def _csv(rows: Sequence[tuple[str, ...]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([COLUMNS, *(map(harmless, row) for row in rows)])
    return file.getvalue().encode()
