"""The first part of the Batch page: bring a table, or make one from your own drawings."""

import streamlit as st

from pages.sections.batch import drawings
from pages.sections.batch.picture_tables import numbers, sheets
from pages.sections.batch.records import Table
from pages.sections.batch.state import Batch
from pages.shared import sample
from pages.shared.access import roles
from pages.shared.components import messages
from pages.shared.components.uploads import warn_if_blocked
from pages.shared.layout import KAGGLE
from recognizer.datasets import corrections
from recognizer.datasets.reader import MAX_ROWS
from recognizer.errors import RecognizerError, StorageError
from recognizer.models.registry import StoredModel

FILE, DRAWINGS = WAYS = ("A file", "Your drawings")
NO_FILE = (
    f" No file at hand? Get test.csv from [Kaggle's Digit Recognizer]({KAGGLE}) (free, with an "
    "account), or make a table of your drawings, or read a sample."
)
_WAY = "batch-way"
_UPLOADS = "batch-uploads"  # counts uploads: a new key empties the uploader, and memory


def bring(batch: Batch, model: StoredModel) -> None:
    """Ask for digits, and begin to read them."""
    way = st.segmented_control(
        "Bring digits by",
        WAYS,
        default=FILE,
        required=True,
        key=_WAY,
        persist_state="session",
        label_visibility="collapsed",
    )
    if way == DRAWINGS:
        _corrected(batch, model)
        drawings.draw(batch, model)
    else:
        drawings.leave()
        _file(batch, model)


def _file(batch: Batch, model: StoredModel) -> None:
    count = st.session_state.setdefault(_UPLOADS, 0)
    warn_if_blocked()
    uploads = st.file_uploader(
        "A table of digits: Kaggle's test.csv or any CSV, .npz, IDX, Parquet; or pictures, one "
        "digit or one number each, or photos of filled-in sheets, or a zip of them",
        accept_multiple_files=True,
        key=f"batch-upload-{count}",
    )
    if uploads:
        st.session_state[_UPLOADS] += 1
        found = numbers.unlabelled(uploads)
        batch.ask(found) if found else batch.start(uploads, model)
        st.rerun()
    st.caption(
        f"Up to {st.get_option('server.maxUploadSize')} MB and {MAX_ROWS:,} rows; the command line "
        "reads any number: `python -m recognizer predict test.csv --out submission.csv`."
        + (NO_FILE if batch.table is None else "")
    )
    st.button(
        "Read a sample",
        icon=":material/draw:",
        on_click=lambda: batch.start(Table.of(sample.NAME, sample.digits()), model),
        help=sample.WORDS,
    )
    sheets.offer_sheet()


def _corrected(batch: Batch, model: StoredModel) -> None:
    """Offer the drawings that were corrected on the Draw page."""
    try:
        count = roles.corrections().count_digits()
    except StorageError as error:
        messages.error(error)
        return
    if count:
        words = f"Read the {count} drawings you corrected"
        st.button(
            words if count > 1 else "Read the drawing you corrected",
            on_click=_read_corrected,
            args=(batch, model),
            help="They have labels from the Draw page, so the reading is measured, too.",
        )


def _read_corrected(batch: Batch, model: StoredModel) -> None:
    try:
        batch.start(
            Table.of("corrected drawings", corrections.corrected(owner=roles.owner())), model
        )
    except RecognizerError as error:
        batch.problem = str(error)
