"""The rows on which models disagree, as images with each model's reading."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from pages.shared import error_boundary
from pages.shared.components import image_grid
from recognizer.evaluation import percent
from recognizer.records import Digits

ANY, SEVERAL, NONE = "/any", "/several", "/none"  # beside models' names, which hold no "/"
PAGE = 30  # images at first, and more with each click
_WHO, _MORE = "compare-who", "compare-more"


def show(
    digits: Digits, numbers: np.ndarray, counted_in: str, probabilities: Mapping[str, np.ndarray]
) -> None:
    """Show them; a choice reruns this part, not the page.

    Args:
        digits: what was read.
        numbers: of each, (n,) int, as people count them.
        counted_in: "Row" where that is the row of a file, else what is counted.
        probabilities: by model, (n, 10).
    """
    st.header("Where they disagree", anchor=False)
    error_boundary.fragment(_part)(digits, numbers, counted_in, probabilities)


def _part(
    digits: Digits, numbers: np.ndarray, counted_in: str, probabilities: Mapping[str, np.ndarray]
) -> None:
    names = list(probabilities)
    read = np.stack([one.argmax(axis=1) for one in probabilities.values()])  # (models, n)
    groups = grouped(read, digits.labels, names)
    if not len(groups[ANY]):
        of = f"all {len(digits):,} digits" if len(digits) > 1 else "the one digit"
        st.caption(f"Nowhere: they read {of} alike.")
        return
    who = st.selectbox(
        "Show",
        [key for key, rows in groups.items() if len(rows)],
        format_func=lambda key: f"{_label(key)} ({len(groups[key]):,})",
        key=_WHO,
    )
    confidence = np.stack([one.max(axis=1) for one in probabilities.values()])  # (models, n)
    rows = groups[who]
    wrong = np.where(read != digits.labels, confidence, 0).max(axis=0)
    rows = rows[np.argsort(-wrong[rows], kind="stable")]
    shown = rows[: st.session_state.get(_MORE, {}).get(who, PAGE)]
    more = f", {len(shown)} shown" if len(shown) < len(rows) else ""
    st.caption(
        f"{len(rows):,} of {len(digits):,} rows{more}; first where a model is wrong and most sure."
    )
    images = [
        _image(
            digits.images[i],
            f"{counted_in} {numbers[i]:,}",
            int(digits.labels[i]),
            names,
            read[:, i],
            confidence[:, i],
        )
        for i in shown
    ]
    image_grid.show(images, None, "disagreements-grid", wide=True)
    if more:
        st.button("Show more", on_click=_show_more, args=(who, len(shown)))


def grouped(read: np.ndarray, labels: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    """Return the rows on which not all read alike: all of them, and by who was right.

    Args:
        read: array of shape (models, n), what each model read.
        labels: array of shape (n,), the true digits.
        names: of the models.

    Returns:
        Numbers of rows under ANY, under each model's name where it alone was right, under SEVERAL
        and under NONE.
    """
    differ = (read != read[0]).any(axis=0)
    right = read == labels  # (models, n)
    count = right.sum(axis=0)
    alone = {name: differ & right[i] & (count == 1) for i, name in enumerate(names)}
    masks = {ANY: differ, **alone, SEVERAL: differ & (count > 1), NONE: differ & (count == 0)}
    return {key: np.flatnonzero(mask) for key, mask in masks.items()}


def _label(key: str) -> str:
    words = {ANY: "All disagreements", SEVERAL: "Several are correct", NONE: "None is correct"}
    return words.get(key, f"Only {key} is correct")


def _image(
    image: np.ndarray,
    where: str,
    label: int,
    names: list[str],
    read: np.ndarray,
    confidence: np.ndarray,
) -> image_grid.Image:
    lines = [f"{where}: label {label}"]
    for name, digit, sure in zip(names, read, confidence, strict=True):
        lines.append(f"{'✓' if digit == label else '✗'} {name}: {digit}, {percent(float(sure))}")
    return image_grid.Image(image, "\n".join(lines), where, label)


def _show_more(who: str, shown: int) -> None:
    st.session_state.setdefault(_MORE, {})[who] = shown + PAGE
