"""Confusion matrices, their difference, and each digit's figures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.shared import error_boundary
from pages.shared.components import confusion_figure, confusion_matrix, markup
from pages.shared.components.confusion_matrix import Cell
from recognizer.evaluation import Evaluation, percent
from recognizer.models.registry import StoredModel
from recognizer.records import LABELS, Digits


@dataclass(frozen=True, eq=False)
class Shown:
    """What is compared: labelled digits, and what each model reads in them.

    Attributes:
        digits: with labels.
        numbers: of each, (n,) int, as people count them.
        counted_in: "Row" where that is the row of a file, else what is counted.
        models: by name.
        probabilities: by model, (n, 10).
        measured: by model.
    """

    digits: Digits
    numbers: np.ndarray
    counted_in: str
    models: Mapping[str, StoredModel]
    probabilities: Mapping[str, np.ndarray]
    measured: Mapping[str, Evaluation]


def show(shown: Shown) -> None:
    """Show it, by model; a choice of two of them reruns their matrices, not the page."""
    st.header("Confusion matrices", anchor=False)
    error_boundary.fragment(_matrices)(shown)
    _each_digit(shown.measured)


def _matrices(compared: Shown) -> None:
    """Show the matrices of two of the models, their difference, and the images of a cell."""
    measured = compared.measured
    first, second = _two(list(measured))
    ways = (confusion_figure.COUNTS, confusion_figure.SHARES)
    way = st.segmented_control(
        "Cells",
        ways,
        default=ways[0],
        required=True,
        key="compare-cells",
        help="Images of each digit (row) by prediction (column), or per cent of each row.",
    )
    one, other = measured[first].confusion, measured[second].confusion
    cells = {name: Cell(f"compare-cell-{name}") for name in (first, second)}
    shown = (
        (first, *confusion_figure.values(way, one, None)),
        (second, *confusion_figure.values(way, other, None)),
        (f"{second} − {first}", *confusion_figure.values(confusion_figure.CHANGE, other, one)),
    )
    for column, (title, strengths, texts) in zip(st.columns(3, gap="small"), shown, strict=True):
        with column:
            st.markdown(f"**{markup.plain(title)}**")
            alt = f"{title}: rows are true digits, columns what was read. A table follows."
            confusion_matrix.chart(strengths, texts, cells.get(title), alt)
            st.html(confusion_figure.table(texts))
    st.caption(
        f"On the right, teal is better and orange worse in {markup.plain(second)} than in "
        f"{markup.plain(first)}: more on the diagonal, fewer beside it. Click a cell of the first "
        "two to see its images."
    )
    for column, (name, cell) in zip(st.columns(2, gap="medium"), cells.items(), strict=True):
        with column:
            st.markdown(f"**Images of a cell, {markup.plain(name)}**")
            confusion_matrix.images(
                compared.digits,
                compared.probabilities[name],
                cell,
                compared.numbers,
                confusion_matrix.Opens(compared.models[name], f"compare-{name}"),
                compared.counted_in,
            )


def _two(names: list[str]) -> tuple[str, str]:
    if len(names) == 2:
        return names[0], names[1]
    left, right = st.columns(2)
    first = left.selectbox("First", names, key="compare-first")
    others = [name for name in names if name != first]
    return first, right.selectbox("Second", others, key="compare-second")


def _each_digit(measured: Mapping[str, Evaluation]) -> None:
    st.header("Each digit", anchor=False)
    counts = next(iter(measured.values())).confusion.sum(axis=1)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Recall**: share of this digit's images read correctly")
        rows = [(n, f"{counts[n]:,}", *_shares(measured, "recall", n)) for n in LABELS]
        st.html(markup.table(("Digit", "Rows", *measured), rows, numbers=len(measured) + 1))
    with right:
        st.markdown("**Precision**: share of the images read as this digit that are it")
        rows = [(n, *_shares(measured, "precision", n)) for n in LABELS]
        st.html(markup.table(("Digit", *measured), rows, numbers=len(measured)))


def _shares(measured: Mapping[str, Evaluation], name: str, label: int) -> list[str]:
    shares = [getattr(one, name)[label] for one in measured.values()]
    return [_share(share) for share in shares]


def _share(share: float) -> str:
    return "–" if np.isnan(share) else "100 %" if share == 1 else percent(share)
