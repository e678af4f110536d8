"""Two readings of the same table against each other: only the rows that differ."""

from collections import Counter

import numpy as np
import streamlit as st

from pages.sections.batch import averaging, gallery
from pages.sections.batch.records import Result
from pages.sections.batch.state import Batch, Earlier
from pages.shared import error_boundary, model_list
from pages.shared.components import markup, messages
from recognizer.comparison import expected
from recognizer.datasets.submissions import read_submission
from recognizer.errors import DataError, RecognizerError
from recognizer.evaluation import percent
from recognizer.inference.ensemble import mean_probabilities
from recognizer.jobs import experiments
from recognizer.models.registry import StoredModel

NOTHING, EARLIER = "–", "a submission made earlier"
_OTHER = "batch-other"  # the widget: what to compare with
_UPLOADS = "batch-submissions"  # counts uploads: a new key empties the uploader


def show(batch: Batch, result: Result, models: dict[str, StoredModel]) -> None:
    """Ask what to compare a reading with, and show where the two differ."""
    st.header("Compare or average with another reading", anchor=False)
    names = [name for name in models if name != result.model.name]
    options = [NOTHING, EARLIER, *names]
    if st.session_state.get(_OTHER) not in options:
        st.session_state.pop(_OTHER, None)
    chosen = st.selectbox(
        "Compare or average with",
        options,
        format_func=lambda name: model_list.titled(models[name]) if name in models else name,
        key=_OTHER,
        persist_state="session",
        width=420,
    )
    if chosen == EARLIER:
        _with_earlier(batch, result)
    elif chosen != NOTHING:
        _with_model(batch, result, models[chosen], models)


def _with_model(
    batch: Batch, result: Result, model: StoredModel, models: dict[str, StoredModel]
) -> None:
    other = batch.result(model)
    if other is None:
        st.button(
            f"Read the table with {model.name}, too",
            on_click=batch.start,
            args=(batch.table, model),
            disabled=batch.run is not None,
        )
        return
    _differences(result, model.name, other.read, other)
    averaging.show([result, other, *_more(batch, (result.model, model), models)])


def _more(
    batch: Batch, two: tuple[StoredModel, StoredModel], models: dict[str, StoredModel]
) -> list[Result]:
    """Ask for more models in the average; return what those have read that have."""
    groups = _experiments(models)
    names = [name for name in models if name not in [model.name for model in two]]
    if not names:
        return []
    chosen = st.multiselect(
        "More models in the average",
        [*groups, *names],
        format_func=lambda one: groups[one][0] if one in groups else one,
        key=f"batch-average-{two[0].sha256[:8]}-{two[1].sha256[:8]}",
        placeholder="None",
        width=620,
    )
    asked = dict.fromkeys(
        one for name in chosen for one in (groups[name][1] if name in groups else [name])
    )
    more = [models[name] for name in asked if name in names]
    unread = [model for model in more if batch.result(model) is None]
    if unread:
        st.button(
            f"Read the table with {', '.join(model.name for model in unread)}, too",
            on_click=batch.start_all,
            args=(unread,),
            disabled=batch.run is not None,
        )
    return [found for model in more if (found := batch.result(model))]


def _experiments(models: dict[str, StoredModel]) -> dict[str, tuple[str, list[str]]]:
    """Return of each experiment what the choice is called and the models to average, by an id."""
    found = {}
    every = experiments.all_experiments()
    titles = Counter(one.name for one in every)
    for one in every:
        if sum(job.published in models for job in one.runs) < 2:  # cheaper than to ask for members
            continue
        try:
            names = experiments.members(one.id)
        except RecognizerError:  # fewer than two of its models are here
            continue
        if all(name in models for name in names):
            title = one.name if titles[one.name] == 1 else f"{one.name} ({one.id})"
            words = f"{title}, the {len(names)} models of the experiment"
            found[f"experiment:{one.id}"] = words, names  # no model's name has a colon
    return found


def _with_earlier(batch: Batch, result: Result) -> None:
    count = st.session_state.setdefault(_UPLOADS, 0)
    upload = st.file_uploader("Its submission.csv", key=f"batch-submission-{count}")
    if upload is not None:
        try:
            labels = read_submission(upload)
            if len(labels) != len(result.read):
                raise DataError(
                    f"It has {len(labels):,} rows, the table {len(result.read):,}: bring a "
                    "submission of the same table."
                )
        except DataError as error:
            messages.error(f"{upload.name}: {error}")
            return
        batch.earlier = Earlier(upload.name, labels)
        st.session_state[_UPLOADS] += 1
        st.rerun()
    if batch.earlier:
        _differences(result, batch.earlier.name, batch.earlier.labels, None)


@error_boundary.fragment
def _differences(result: Result, name: str, read: np.ndarray, other: Result | None) -> None:
    """Show the rows in which two readings differ, the surest disagreements first."""
    rows = np.flatnonzero(result.read != read)
    if not len(rows):
        messages.success(f"{name} reads every row the same.")
        return
    n, first, second = len(read), result.model.name, markup.plain(name)
    differ = "differs" if len(rows) == 1 else "differ"
    st.caption(
        f"{len(rows):,} of {markup.count(n)} {differ} ({percent(len(rows) / n)}), highest "
        f"confidence first. Below each image: its number, {first}, {second}."
        + _who_is_right(result, name, read, rows)
    )
    if result.table.digits.labels is None:
        st.caption(_likelier(result, name, read, other))
    confidence = None if other is None else other.confidence
    order = np.argsort(-result.confidence[rows], kind="stable")
    gallery.show(result, rows[order], f"differences-{name}", [(read, confidence)])


def _who_is_right(result: Result, name: str, read: np.ndarray, rows: np.ndarray) -> str:
    labels = result.table.digits.labels
    if labels is None:
        return ""
    ours, theirs = (int((one[rows] == labels[rows]).sum()) for one in (result.read, read))
    return (
        f" {result.model.name} is right in {ours:,} of them, {markup.plain(name)} in {theirs:,}, "
        f"neither in {len(rows) - ours - theirs:,}."
    )


def _likelier(result: Result, name: str, read: np.ndarray, other: Result | None) -> str:
    """Say which of two readings is likelier right, by the probabilities that there are."""
    ours, theirs = result.model.name, markup.plain(name)
    trusted, whose = result.probabilities, f"{ours}'s probabilities, which favour its own reading"
    if other is not None:
        trusted = mean_probabilities([result.probabilities, other.probabilities])
        whose = "the mean of both models' probabilities"
    found = expected(result.read, read, trusted)
    low, high = found.interval
    neither = found.rows - found.first - found.second
    words = (
        f"By {whose}, {ours} is right in about {found.first:,.0f} of them, {theirs} in about "
        f"{found.second:,.0f}, neither in about {neither:,.0f}: a score on all rows that is "
        f"{abs(found.difference):.4f} {'higher' if found.difference >= 0 else 'lower'} for {ours} "
        f"(95 % interval {low:+.4f} to {high:+.4f})"
    )
    if low <= 0 <= high:
        return f"{words}. That is too close to say which submission is better."
    better = ours if found.difference > 0 else theirs
    return f"{words}. {better} is likelier the better submission."
