"""The first part of the Train page: bring labelled digits and see them."""

import json
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.sections.train import fields
from pages.shared import actions, keras_process, sample
from pages.shared.access import roles
from pages.shared.components import bar_chart, dialect, markup, messages
from pages.shared.components.uploads import warn_if_blocked
from pages.shared.layout import KAGGLE
from recognizer import records
from recognizer.datasets import library, read_table
from recognizer.errors import RecognizerError, StorageError
from recognizer.models import registry
from recognizer.records import LABELS

TABLES = "train-tables"  # the widget: ids of the chosen tables
PROBLEM = "train-problem"  # what went wrong, shown until the next try
_UPLOADS = "train-uploads"  # counts uploads: a new key empties the uploader, and memory
_DIALECT = "train-dialect"  # of the last table that was brought
_FETCHING = "train-fetching"  # whether MNIST is on its way


@dataclass(frozen=True)
class Summary:
    """What is worth knowing of digits before training on them."""

    counts: tuple[int, ...]
    duplicates: int
    contradictions: int
    blank: int
    sheet: str


def bring() -> list[library.StoredTable]:
    """Ask for digits; return the chosen tables."""
    st.header("1. Add data", anchor=False)
    count = st.session_state.setdefault(_UPLOADS, 0)
    warn_if_blocked()
    upload = st.file_uploader(
        "Labelled digits: Kaggle's train.csv or any CSV, .npz, Parquet; or a zip of pictures in "
        "folders 0 to 9",
        key=f"train-upload-{count}",
    )
    if upload is not None:
        _take(upload)
    _offer_more()
    if read_as := st.session_state.get(_DIALECT):
        dialect.show(read_as)
    if problem := st.session_state.get(PROBLEM):
        messages.error(problem)
    for one, reason in library.damaged().items():
        _show_damaged(one, reason)
    tables = {table.id: table for table in library.tables() if _is_offered(table)}
    if not tables:
        messages.info(
            f"No digits are here yet. Get `train.csv` from [Kaggle's Digit Recognizer]({KAGGLE}) "
            "(free, with an account) and drop it above; or fetch MNIST, the same kind of digits; "
            "or begin with a sample that the app draws.",
            icon="download",
            markdown=True,
        )
        return []
    return _choose(tables)


def _is_offered(table: library.StoredTable) -> bool:
    return table.labelled and table.offered and not table.derived


def see(tables: list[library.StoredTable]) -> None:
    """Show what is in the tables."""
    summary = _summary(tuple(table.id for table in tables))
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(markup.picture(summary.sheet, "Ten samples of each digit, a row a digit, 0 to 9."))
    with right:
        bar_chart.show(LABELS, summary.counts, what="Rows of each digit")
        st.caption(_in_words(summary))


def _take(upload) -> None:
    """Read an uploaded file into the library, whole or not at all."""
    try:
        with st.spinner(f"Reading {upload.name} …"):
            roles.require(roles.Action.ADD_DIGITS, upload.name)  # before reading them
            read = read_table(upload)
            _chosen(actions.add_digits(upload.name, read.digits).id)
            st.session_state[_DIALECT] = read.dialect
    except RecognizerError as error:
        st.session_state[PROBLEM] = f"{upload.name}: {error}"
    st.session_state[_UPLOADS] += 1
    st.rerun()


def _chosen(table_id: str) -> None:
    st.session_state[TABLES] = [table_id]
    st.session_state.pop(PROBLEM, None)
    st.session_state.pop(_DIALECT, None)


def _offer_more() -> None:
    """Offer the sources that need no file."""
    try:
        count = roles.corrections().count_digits()
    except StorageError:
        count = 0  # the Draw page says why
    with st.container(horizontal=True):
        st.button("Use a sample", icon=":material/draw:", on_click=_sample, help=sample.WORDS)
        st.button("Fetch MNIST", on_click=_start_fetching, help="60,000 digits, 11 MB, with Keras")
        if count:
            words = f"Use the {count} drawings you corrected"
            st.button(words if count > 1 else "Use the drawing you corrected", on_click=_corrected)
    if st.session_state.get(_FETCHING):
        keras_process.ask("Fetching MNIST …", _fetched, actions.MNIST)


def _sample() -> None:
    try:
        _chosen(actions.add_sample().id)
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)


def _start_fetching() -> None:
    try:
        actions.fetch_mnist()
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)
    else:
        st.session_state[_FETCHING] = True


def _fetched(answer: bytes) -> None:
    st.session_state[_FETCHING] = False
    _chosen(json.loads(answer))
    st.rerun()


def _corrected() -> None:
    try:
        _chosen(actions.add_corrections().id)
        if st.session_state.get(fields.START) is None:  # alone they are mostly too few
            st.session_state[fields.START] = registry.find_model().name
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)


def _choose(tables: dict[str, library.StoredTable]) -> list[library.StoredTable]:
    """Ask which tables to train on: the newest, unless others are chosen."""
    kept = [one for one in st.session_state.get(TABLES, list(tables)[:1]) if one in tables]
    st.session_state[TABLES] = kept
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect(
            "Train on",
            list(tables),
            format_func=lambda one: f"{tables[one].name} · {tables[one].rows:,} digits",
            key=TABLES,
            persist_state="session",
            help="Digits brought here before stay on this machine. Several are put together.",
        )
        if chosen:
            with st.popover("Remove"):
                st.write("Remove the chosen digits from this machine?")
                key = f"remove-{'-'.join(chosen)}"  # a late click removes no others
                st.button("Remove them", key, on_click=_remove, args=(chosen,))
    return [tables[one] for one in chosen]


def _show_damaged(table_id: str, reason: str) -> None:
    """Say why a table is left out, and offer to remove it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        messages.warning(reason)
        st.button("Remove it", key=f"damaged-{table_id}", on_click=_remove, args=([table_id],))


def _remove(chosen: list[str]) -> None:
    st.session_state.pop(PROBLEM, None)
    for one in chosen:
        try:
            actions.remove_digits(one)
        except RecognizerError as error:
            st.session_state[PROBLEM] = str(error)


@st.cache_data(show_spinner="Looking at the digits …", max_entries=16)
def _summary(ids: tuple[str, ...]) -> Summary:
    """Look at tables; their ids are made of their content."""
    digits = records.join([library.load(one) for one in ids])
    images, labels = digits.images, digits.labels
    pictures = [image.tobytes() for image in images]
    different = len(set(pictures))
    by_label = len(set(zip(pictures, labels.tolist(), strict=True)))
    return Summary(
        counts=tuple(np.bincount(labels, minlength=len(LABELS)).tolist()),
        duplicates=len(images) - different,
        contradictions=by_label - different,
        blank=int((~images.any(axis=(1, 2))).sum()),
        sheet=markup.source(markup.joined(markup.samples(images, labels))),
    )


def _in_words(summary: Summary) -> str:
    """Say what the chart and the pictures do not."""
    counts = summary.counts
    few, many = int(np.argmin(counts)), int(np.argmax(counts))
    rows = sum(counts)
    balance = f"Fewest: digit {few} ({counts[few]:,}); most: digit {many} ({counts[many]:,})."
    if counts[few] == counts[many]:
        balance = f"{counts[few]:,} of each digit."
    words = [f"**{rows:,} row{'' if rows == 1 else 's'}**. {balance}"]
    if missing := [str(label) for label in LABELS if not counts[label]]:
        words.append(f" None of {', '.join(missing)}: a network cannot learn what it never sees.")
    for count, of_what in (
        (summary.duplicates, "identical to another row, pixel by pixel"),
        (summary.contradictions, "the same picture under another label"),
        (summary.blank, "blank"),
    ):
        if count:
            words.append(f" {count:,} {'is' if count == 1 else 'are'} {of_what}.")
    return "".join(words) + ("" if summary.duplicates else " No duplicates.")
