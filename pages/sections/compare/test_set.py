"""The labelled digits that models are compared on: kept ones, or an uploaded CSV."""

import secrets
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.sections.compare.uploads import Uploads
from pages.shared import sample
from pages.shared.access import roles
from pages.shared.components import markup, messages
from pages.shared.components.uploads import warn_if_blocked
from pages.shared.model_list import ROWS
from recognizer.datasets import fingerprint, read_table
from recognizer.datasets.formats.dialect import Dialect
from recognizer.errors import DataError, RecognizerError
from recognizer.jobs import test_sets
from recognizer.jobs.test_sets import Offer
from recognizer.records import Digits

PROBLEM = "compare-problem"  # what was wrong with an upload, shown until the next one
UPLOADED = "uploaded-"  # starts the key of an upload
KEPT = 4  # uploads of a session that the server keeps in memory
TOGETHER = 600_000_000  # bytes of all sessions' uploads: four of 200,000 rows
_COUNT = "compare-uploads"  # a new key empties the uploader, and memory
_MINE = "compare-mine"  # keys of this session's uploads
_OWNER = "compare-owner"  # this session's random number


@dataclass(frozen=True, eq=False)
class Rows:
    """Labelled digits.

    Attributes:
        id: the SHA-256 of labels and pixels.
        offer: what they are.
        digits: at least one, with labels.
        numbers: of each, (n,) int: the row of its file, or its place among these digits, from 1.
        counted_in: "Row" where the numbers are a file's rows, else "Digit".
    """

    id: str
    offer: Offer
    digits: Digits
    numbers: np.ndarray
    counted_in: str


def choose() -> Rows | None:
    """Ask which digits; return None where there are none yet or they are gone."""
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    with right, st.container(horizontal=True):
        with st.popover("Bring a labelled CSV", icon=":material/upload:"):
            _upload()
        st.button("Use a sample", icon=":material/draw:", on_click=_sample, help=sample.WORDS)
    offers = {offer.key: offer for offer in [*test_sets.offers(owner=roles.owner()), *_uploads()]}
    if problem := st.session_state.get(PROBLEM):
        messages.error(problem)
    with left:
        key = _ask(offers)
    if key is None:
        messages.info(
            "No labelled digits are here to compare on: bring a CSV in the form of Kaggle's "
            "train.csv; or use a sample; or train a network here, which holds rows out; or correct "
            "some drawings."
        )
        return None
    try:
        rows = _load(offers[key])
    except RecognizerError as error:
        messages.error(error)
        return None
    _describe(rows)
    return rows


def _ask(offers: dict[str, Offer]) -> str | None:
    before = st.session_state.get(ROWS) or st.query_params.get(ROWS)
    if before and before not in offers:
        messages.warning(
            "The digits in the address are not here any more: choose others, or bring their file "
            "again."
        )
    st.session_state[ROWS] = before if before in offers else next(iter(offers), None)
    key = st.selectbox(
        "On these digits",
        list(offers),
        format_func=lambda key: offers[key].name,
        key=ROWS,
        persist_state="session",
        placeholder="None yet",
        disabled=not offers,
    )
    if key is not None:
        st.query_params[ROWS] = key
    return key


def _load(offer: Offer) -> Rows:
    if offer.key.startswith(test_sets.HELD_OUT):
        return _held_out(offer.key, offer)
    if rows := _store().get(offer.key):
        return rows
    return _rows(offer, test_sets.load(offer.key, owner=roles.owner()))


@st.cache_resource(show_spinner="Loading the digits …", max_entries=4)
def _held_out(key: str, _offer: Offer) -> Rows:
    """Load once: the key is made of the tables' content, the seed and the share."""
    return _rows(_offer, test_sets.load(key), test_sets.file_rows(key))


def _rows(offer: Offer, digits: Digits, file_rows: np.ndarray | None = None) -> Rows:
    if file_rows is None:
        return Rows(fingerprint(digits), offer, digits, np.arange(1, len(digits) + 1), "Digit")
    return Rows(fingerprint(digits), offer, digits, file_rows, "Row")


def _describe(rows: Rows) -> None:
    """Say how many there are, and what they cannot show."""
    n, there = len(rows.digits), np.unique(rows.digits.labels)
    words = [
        f"{n:,} row{'s' if n != 1 else ''} of {len(there)} digit{'s' if len(there) != 1 else ''}."
    ]
    words.append(rows.offer.note)
    if n == 1:
        words.append("One row can show that models differ, never which is better.")
    elif len(there) == 1:
        words.append(f"All are images of {there[0]}: they say nothing about the other digits.")
    st.caption(" ".join(words))


def _upload() -> None:
    count = st.session_state.setdefault(_COUNT, 0)
    warn_if_blocked()
    file = st.file_uploader(
        "Labelled digits: any CSV, .npz, Parquet; or a zip of pictures in folders 0 to 9",
        key=f"compare-upload-{count}",
    )
    st.caption(
        f"Your latest {KEPT} stay in the server's memory until it ends, unless memory is short; "
        "none is trained on."
    )
    if file is None:
        return
    try:
        with st.spinner(f"Reading {file.name} …"):
            read = read_table(file)
            rows = _take(file.name, read.digits, read.dialect)
    except RecognizerError as error:
        st.session_state[PROBLEM] = f"{file.name}: {error}"
    else:
        st.session_state.pop(PROBLEM, None)
        st.session_state[ROWS] = rows.offer.key
        st.session_state.setdefault(_MINE, []).append(rows.offer.key)
    st.session_state[_COUNT] += 1
    st.rerun()


def _sample() -> None:
    """Compare on the app's own sample."""
    rows = _keep(Offer(f"{UPLOADED}sample", sample.NAME, sample.WORDS), sample.digits(), "Digit")
    st.session_state.pop(PROBLEM, None)
    st.session_state[ROWS] = rows.offer.key
    st.session_state.setdefault(_MINE, []).append(rows.offer.key)


def _take(name: str, digits: Digits, dialect: Dialect) -> Rows:
    """Keep an upload in memory."""
    if digits.labels is None:
        raise DataError(
            "no label column: comparing needs the true digits, and this looks like test.csv."
        )
    said = " ".join([dialect.understood, *(notice.message for notice in dialect.notices)])
    key = f"{UPLOADED}{fingerprint(digits)[:16]}"
    offer = Offer(key, f"{name}, uploaded", markup.plain(said.strip()))
    return _keep(offer, digits, "Row")


def _keep(offer: Offer, digits: Digits, counted_in: str) -> Rows:
    """Keep digits in memory for this session."""
    rows = Rows(fingerprint(digits), offer, digits, np.arange(1, len(digits) + 1), counted_in)
    owner = st.session_state.setdefault(_OWNER, secrets.token_hex(8))
    size = digits.images.nbytes + rows.numbers.nbytes
    _store().keep(offer.key, rows, size, owner)
    return rows


def _uploads() -> list[Offer]:
    """Return this session's uploads, and the one in the address: a reload is a new session."""
    keys = [st.query_params.get(ROWS, ""), *st.session_state.get(_MINE, [])]
    return [rows.offer for key in dict.fromkeys(keys) if (rows := _store().get(key))]


@st.cache_resource(show_spinner=False)
def _store() -> Uploads[Rows]:
    return Uploads(KEPT, TOGETHER)
