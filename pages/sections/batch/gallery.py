"""Rows of a table as images with what was read in them: by kind, by digit, by pages."""

import numpy as np
import streamlit as st

from pages.sections.batch.records import Result
from pages.shared import error_boundary
from pages.shared.components import image_grid, markup
from recognizer.evaluation import percent
from recognizer.records import LABELS

A_PAGE = 40  # images
MOST = 1_000  # of the least sure
LEAST_SURE, NO_DIGITS, WRONG = "Lowest confidence", "Not like a digit", "Misread"
ALL = "All"


@error_boundary.fragment
def browse(result: Result) -> None:
    """Show rows in an order and of a kind that one chooses; a click on one shows it large."""
    st.header("Rows", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = st.segmented_control(
            "Show",
            _ways(result),
            default=LEAST_SURE,
            required=True,
            key=f"rows-way-{result.id}",
        )
        digit = st.selectbox(
            "Read as",
            (ALL, *LABELS),
            key=f"rows-digit-{result.id}",
            width=160,
        )
    rows, words = _chosen(result, way)
    if digit != ALL:
        rows = rows[result.read[rows] == digit]
        words += f" Read as {digit}: {len(rows):,}."
    rows = rows[:MOST]
    st.caption(
        f"{words}{f' The first {MOST:,} are shown.' if len(rows) == MOST else ''} Below each "
        "image: the row's number, the best reading and the second best. Click one to see it large."
    )
    second = result.probabilities[np.arange(len(result.read)), result.second]
    show(result, rows, f"rows-{way}-{digit}", [(result.second, second)])


def _ways(result: Result) -> list[str]:
    """Return the kinds of rows that there are."""
    ways = [LEAST_SURE]
    if len(result.no_digits):
        ways.append(NO_DIGITS)
    if result.table.digits.labels is not None:
        ways.append(WRONG)
    return ways


def _chosen(result: Result, way: str) -> tuple[np.ndarray, str]:
    """Return the rows of a kind, and what they are in words."""
    of = markup.count(len(result.read))
    if way == NO_DIGITS:
        rows = result.no_digits
        do = "does" if len(rows) == 1 else "do"
        return rows, f"{len(rows):,} of {of} {do} not look like a digit, the strangest first."
    if way == WRONG:
        order = result.doubtful[::-1]
        rows = order[result.read[order] != result.table.digits.labels[order]]
        are = "is" if len(rows) == 1 else "are"
        return rows, f"{len(rows):,} of {of} {are} misread, the surest mistakes first."
    return result.doubtful, f"{of}, lowest confidence first."


def show(
    result: Result,
    rows: np.ndarray,
    key: str,
    others: list[tuple[np.ndarray, np.ndarray | None]],
) -> None:
    """Show rows by pages: each with its number, its best reading, and other readings.

    Args:
        result: what was read.
        rows: which, from 0, in this order.
        key: of the choice of the page.
        others: for all rows of the table, what else is read in each, and its probability if any.
    """
    pages = max(1, -(-len(rows) // A_PAGE))
    place = st.container()
    page = 1
    if pages > 1:  # below the images, but known before them
        page = st.pagination(pages, key=f"{key}-{result.id}-{pages}", persist_state="session")
    shown = rows[(page - 1) * A_PAGE : page * A_PAGE]
    readings = [(result.read, result.confidence), *others]
    with place:
        image_grid.show(
            [_image(result, row, readings) for row in shown],
            result.model,
            f"{key}-{result.id}-grid",
        )


def _image(
    result: Result, row: int, readings: list[tuple[np.ndarray, np.ndarray | None]]
) -> image_grid.Image:
    digits = result.table.digits
    label = None if digits.labels is None else int(digits.labels[row])
    caption = _words(result, row, readings)
    return image_grid.Image(digits.images[row], caption, f"Row {row + 1:,}", label)


def _words(result: Result, row: int, readings: list[tuple[np.ndarray, np.ndarray | None]]) -> str:
    lines = [f"{row + 1:,}"]
    for read, share in readings:
        lines.append(str(read[row]) if share is None else f"{read[row]} · {percent(share[row])}")
    labels = result.table.digits.labels
    if labels is not None:
        lines.append(f"label {labels[row]}")
    return "\n".join(lines)
