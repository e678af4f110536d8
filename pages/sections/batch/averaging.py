"""The mean of several models' probabilities on one table: what it reads, how well, its cost."""

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
def show(results: list[Result]) -> None:
    """Offer the average of two or more readings of the same table, and say how well it reads."""
    first, names = results[0], [one.model.name for one in results]
    st.markdown(f"**Average of {', '.join(names[:-1])} and {names[-1]}**")
    mean = mean_probabilities([one.probabilities for one in results])
    read = mean.argmax(axis=1).astype(np.uint8)
    changed = int((read != first.read).sum())
    cost = [1000 * one.seconds / max(1, len(read)) for one in results]
    each = ", ".join(f"{name} {one:.2f}" for name, one in zip(names, cost, strict=True))
    st.caption(
        f"The mean of their probabilities reads {changed:,} of {markup.count(len(read))} "
        f"otherwise than {names[0]} does. It takes all their readings: {sum(cost):.2f} ms a row "
        f"here ({each})."
    )
    if first.table.digits.labels is not None:
        _measured(results, mean)
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


def _measured(results: list[Result], mean: np.ndarray) -> None:
    """Measure the mean beside its members, on the rows that none has learned from."""
    labels, n = results[0].table.digits.labels, len(mean)
    seen = np.zeros(n, bool)
    for one in results:
        if one.seen is not None:
            seen |= one.seen
    new = np.flatnonzero(~seen)
    if not len(new):
        st.caption("Each row is among those that one of them was trained on: bring other rows.")
        return
    average = " + ".join(one.model.name for one in results)
    shares = {one.model.name: one.probabilities for one in results} | {average: mean}
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
    unknown = [one.model.name for one in results if one.seen is None]
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
