"""Rows of a table to look at: the library's, the app's sample, or a file's; the misread first."""

from typing import Any

import numpy as np
import streamlit as st

from pages.shared import model_cache, model_list, sample
from pages.shared.access import roles
from pages.shared.components import markup
from recognizer.datasets import fingerprint, read_digits
from recognizer.errors import RecognizerError
from recognizer.jobs import test_sets
from recognizer.models.registry import StoredModel
from recognizer.records import Digits

SAMPLE, FILE = "sample", "file"  # beside the keys of offers
MISREAD, IN_ORDER = "Misread first", "In the table's order"
_TABLE = "inside-table"  # (id of the uploaded file, its digits)


def bring() -> np.ndarray | None:
    """Ask for a table and a row of it; return its image, (28, 28) uint8, None while there is none.

    Raises:
        RecognizerError: the table cannot be read.
    """
    names = {one.key: one.name for one in test_sets.offers(owner=roles.owner())}
    names |= {FILE: "A file", SAMPLE: sample.NAME.capitalize()}
    key = st.selectbox("Table", list(names), format_func=names.get, key="inside-rows")
    digits = _digits(key)
    if digits is None:
        return None
    order = np.arange(len(digits))
    if digits.labels is not None:
        way = st.segmented_control(
            "Order",
            (MISREAD, IN_ORDER),
            default=IN_ORDER if key == FILE else MISREAD,
            required=True,
            key=f"inside-order-{key}",
        )
        if way == MISREAD:
            order = _misread_first(digits)
    is_row = (order[:-1] < order[1:]).all()
    label, meant = ("Row", "From 1, below the header.") if is_row else ("Place in this order", None)
    row = int(order[int(st.number_input(label, 1, len(digits), 1, help=meant)) - 1])
    if digits.labels is not None:
        where = "" if is_row else f"Row {row + 1:,} of the table. "
        st.caption(f"{where}Label: {digits.labels[row]}.")
    return digits.images[row]


def _digits(key: str) -> Digits | None:
    """Return the digits of a choice; None while there is no file."""
    if key == SAMPLE:
        return sample.digits()
    if key != FILE:
        return test_sets.load(key, owner=roles.owner())
    upload = st.file_uploader("A table of digits, such as Kaggle's train.csv, as CSV or zip")
    if upload is None:
        st.session_state.pop(_TABLE, None)
        return None
    return read_table(upload)


def read_table(upload: Any) -> Digits:
    """Return the digits of an uploaded table; each file is read once.

    Raises:
        DataError: it is not in Kaggle's form.
    """
    kept, digits = st.session_state.get(_TABLE, (None, None))
    if kept != upload.file_id:
        st.session_state.pop(_TABLE, None)
        with st.spinner("Reading the table …"):
            digits = read_digits(upload)
        st.session_state[_TABLE] = upload.file_id, digits
    return digits


def _misread_first(digits: Digits) -> np.ndarray:
    """Return the rows, from 0: the surest mistakes of the chosen model first, then the least sure.

    Says how many mistakes there are.
    """
    try:
        model = model_list.chosen()
    except RecognizerError:  # the page says so where it reads with it
        return np.arange(len(digits))
    probabilities = _read(model.sha256, fingerprint(digits), model, digits)
    read, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = read != digits.labels
    name, count = markup.plain(model.name), int(wrong.sum())
    are = "is" if count == 1 else "are"
    st.caption(
        f"{count:,} of {len(digits):,} {are} misread by {name}, and shown first."
        if count
        else f"{name} reads all {len(digits):,} correctly; the least sure come first."
    )
    return np.lexsort((np.where(wrong, -confidence, confidence), ~wrong))


@st.cache_resource(show_spinner="Reading the table with the model …", max_entries=4)
def _read(content: str, digits_id: str, _model: StoredModel, _digits: Digits) -> np.ndarray:
    probabilities = model_cache.recognizer(_model).predict(_digits.images)
    probabilities.setflags(write=False)
    return probabilities
