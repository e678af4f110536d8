"""Rows of a table as images with what was read in them, by pages; and those where to doubt."""

import numpy as np
import streamlit as st

from pages.sections.batch.records import Result
from pages.shared import error_boundary
from pages.shared.components import markup
from recognizer.evaluation import percent

A_PAGE = 40  # images
MOST = 1_000  # of the least sure
LEAST_SURE, NO_DIGITS = "Lowest confidence", "Not like a digit"


@error_boundary.fragment
def doubts(result: Result) -> None:
    """Show the rows that are read with the least confidence, and those that look like no digit."""
    st.header("Doubtful rows", anchor=False)
    rows, way = result.doubtful[:MOST], LEAST_SURE
    if len(result.no_digits):
        way = st.segmented_control(
            "Rows",
            (LEAST_SURE, NO_DIGITS),
            default=LEAST_SURE,
            required=True,
            key=f"doubts-way-{result.id}",
            label_visibility="collapsed",
        )
    if way == NO_DIGITS:
        rows = result.no_digits
        st.caption(f"The {len(rows):,} rows that do not look like a digit, the strangest first.")
    else:
        many = (
            f"The {len(rows):,} with the lowest confidence of "
            if len(rows) < len(result.read)
            else ""
        )
        st.caption(
            f"{many}{len(result.read):,} rows, lowest confidence first. Below each image: the "
            "row's number, the best reading and the second best."
        )
    second = result.probabilities[np.arange(len(result.read)), result.second]
    show(result, rows, f"doubts-{way}", [(result.second, second)])


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
    place.html(
        markup.figures(
            result.table.digits.images[shown],
            (_words(result, row, readings) for row in shown),
        )
    )


def _words(result: Result, row: int, readings: list[tuple[np.ndarray, np.ndarray | None]]) -> str:
    lines = [f"{row + 1:,}"]
    for read, share in readings:
        lines.append(str(read[row]) if share is None else f"{read[row]} · {percent(share[row])}")
    labels = result.table.digits.labels
    if labels is not None:
        lines.append(f"label {labels[row]}")
    return "\n".join(lines)
