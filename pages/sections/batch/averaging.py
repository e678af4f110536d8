"""The mean of two models' probabilities on one table: what it reads, how well, at what cost."""

import numpy as np
import streamlit as st

from pages.sections.batch.records import Result
from pages.shared import error_boundary
from pages.shared.components import markup
from recognizer.comparison import all_pairs
from recognizer.datasets.submissions import probabilities_bytes, submission_bytes
from recognizer.evaluation import evaluate, measured_percent
from recognizer.inference.ensemble import mean_probabilities


@error_boundary.fragment
def show(first: Result, second: Result) -> None:
    """Offer the average of two readings of the same table, and say how well it reads."""
    names = [first.model.name, second.model.name]
    st.markdown(f"**Average of {names[0]} and {names[1]}**")
    mean = mean_probabilities([first.probabilities, second.probabilities])
    read = mean.argmax(axis=1).astype(np.uint8)
    changed = int((read != first.read).sum())
    cost = [1000 * one.seconds / max(1, len(read)) for one in (first, second)]
    st.caption(
        f"The mean of both models' probabilities reads {changed:,} of {markup.count(len(read))} "
        f"otherwise than {names[0]} does. It takes both readings: {sum(cost):.2f} ms a row here "
        f"({names[0]} {cost[0]:.2f}, {names[1]} {cost[1]:.2f})."
    )
    if first.table.digits.labels is not None:
        _measured(first, second, mean)
    with st.container(horizontal=True):
        for label, content, file in (
            ("Averaged submission.csv", lambda: submission_bytes(read), "submission.csv"),
            ("Averaged probabilities", lambda: probabilities_bytes(mean), "probabilities.csv"),
        ):
            st.download_button(
                label,
                content,
                file,
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
            )


def _measured(first: Result, second: Result, mean: np.ndarray) -> None:
    """Measure the mean beside its members, on the rows that neither has learned from."""
    labels, n = first.table.digits.labels, len(mean)
    seen = np.zeros(n, bool)
    for one in (first, second):
        if one.seen is not None:
            seen |= one.seen
    new = np.flatnonzero(~seen)
    if not len(new):
        st.caption("Each row is among those that one of them was trained on: bring other rows.")
        return
    average = f"{first.model.name} + {second.model.name}"
    shares = {
        first.model.name: first.probabilities,
        second.model.name: second.probabilities,
        average: mean,
    }
    measured = {name: evaluate(one[new], labels[new]) for name, one in shares.items()}
    rows = [
        (
            name,
            measured_percent(one.accuracy),
            f"{100 * one.interval[0]:.2f} to {100 * one.interval[1]:.2f} %",
        )
        for name, one in measured.items()
    ]
    st.html(markup.table(("Read by", "Accuracy", "95 % interval"), rows, numbers=2))
    unknown = [one.model.name for one in (first, second) if one.seen is None]
    st.caption(
        f"On {markup.count(len(new))}"
        + (f"; {n - len(new):,} that one of them was trained on are left out." * (len(new) < n))
        + ("." * (len(new) == n))
        + (f" Which rows {' and '.join(unknown)} learned from is not known." if unknown else "")
    )
    pairs = all_pairs(labels[new], {name: one[new].argmax(axis=1) for name, one in shares.items()})
    for pair in pairs:
        if average in (pair.first, pair.second):
            st.caption(markup.plain(pair.words))
