"""What a comparison shows: who is better, where they differ, and how each one reads and learned."""

from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np
import streamlit as st

from pages.sections.compare import charts, disagreements, per_digit, seen, verdicts
from pages.sections.compare.seen import Chosen
from pages.sections.compare.test_set import Rows
from pages.shared import model_cache, sample
from pages.shared.components import markup, messages
from recognizer.comparison import all_pairs
from recognizer.errors import ModelError
from recognizer.evaluation import Evaluation, evaluate, measured_percent
from recognizer.inference.ensemble import mean_probabilities
from recognizer.models.card import ModelCard, seed_groups
from recognizer.models.registry import StoredModel
from recognizer.records import Digits

SAMPLE = (
    "No verdict on sample drawings: all of them come from a few originals, and a difference on "
    "those says nothing about other people's handwriting. Bring a labelled CSV for a verdict."
)


_AVERAGE = "their average"


@dataclass(frozen=True, eq=False)
class Read:
    """What one model read.

    Attributes:
        model: the model.
        probabilities: array of shape (n, 10).
        measured: against the labels.
        seen: rows that it was trained or chosen on; None where that is not known.
    """

    model: StoredModel
    probabilities: np.ndarray
    measured: Evaluation
    seen: int | None


def show(models: list[StoredModel], rows: Rows) -> None:
    """Read the rows with each model, and show how they compare."""
    reads = {}
    for model in models:
        try:
            with st.spinner(f"{model.name} reads {len(rows.digits):,} digits …"):
                reads[model.name] = _read(model, rows)
        except ModelError as error:
            messages.error(error)
    if len(reads) < 2:
        return
    # Each part is in a container: whatever it shows, what follows keeps its place.
    st.header("Is one really better?", anchor=False)
    with st.container():
        seen_by = {read.model.name: seen.find(read.model, rows) for read in reads.values()}
        chosen = seen.choose(seen_by, len(rows.digits))
    reads = {name: _part(read, seen_by[name], rows, chosen) for name, read in reads.items()}
    digits, numbers = rows.digits.take(chosen.rows), rows.numbers[chosen.rows]
    probabilities = {name: read.probabilities for name, read in reads.items()}
    with st.container():
        average = _average(reads, seen_by, digits, chosen)
    with st.container():
        if sample.NAME in rows.offer.name:
            messages.info(SAMPLE)
        elif chosen.fair:
            shares = probabilities | {name: one.probabilities for name, one in average.items()}
            read = {name: one.argmax(axis=1) for name, one in shares.items()}
            verdicts.show(all_pairs(digits.labels, read))
    with st.container():
        _accuracies(reads, average)
    with st.container():
        disagreements.show(digits, numbers, rows.counted_in, probabilities)
    measured = {name: read.measured for name, read in reads.items()}
    with st.container():
        stored = {name: read.model for name, read in reads.items()}
        per_digit.show(
            per_digit.Shown(digits, numbers, rows.counted_in, stored, probabilities, measured)
        )
    with st.container():
        charts.calibration(probabilities, measured, digits.labels)
    st.header("Training curves", anchor=False)
    charts.learning({name: read.model.card for name, read in reads.items()})


def _read(model: StoredModel, rows: Rows) -> Read:
    probabilities = _probabilities(model.sha256, rows.id, model, rows)
    return Read(model, probabilities, evaluate(probabilities, rows.digits.labels), None)


def _part(read: Read, mask: np.ndarray | None, rows: Rows, chosen: Chosen) -> Read:
    """Return a reading of the chosen rows only."""
    probabilities = read.probabilities[chosen.rows]
    measured = evaluate(probabilities, rows.digits.labels[chosen.rows])
    seen_count = None if mask is None else int(mask[chosen.rows].sum())
    return Read(read.model, probabilities, measured, seen_count)


@st.cache_resource(show_spinner=False, max_entries=64)
def _probabilities(content: str, rows_id: str, _model: StoredModel, _rows: Rows) -> np.ndarray:
    """Read once for a model's and the rows' content; nobody may change the answer, it is shared."""
    probabilities = model_cache.recognizer(_model).predict(_rows.digits.images)
    probabilities.setflags(write=False)
    return probabilities


def _average(
    reads: dict[str, Read], seen_by: dict[str, np.ndarray | None], digits: Digits, chosen: Chosen
) -> dict[str, Read]:
    """Offer the mean of the models' probabilities as one more model; return it by its name."""
    if not st.toggle(
        "Include the average of them",
        key="compare-average",
        persist_state="session",
        help="The mean of the probabilities of all models picked above, as one more model. It "
        "takes the time of all of them; the Batch page and `predict` with several --model write "
        "its submission.",
    ):
        return {}
    mean = mean_probabilities([read.probabilities for read in reads.values()])
    masks = [seen_by[name] for name in reads]
    seen = None
    if all(mask is not None for mask in masks):
        seen = int(np.any(masks, axis=0)[chosen.rows].sum())
    first = next(iter(reads.values())).model
    return {_AVERAGE: Read(first, mean, evaluate(mean, digits.labels), seen)}


def _accuracies(models: dict[str, Read], average: dict[str, Read]) -> None:
    left, right = st.columns([3, 2], gap="medium")
    reads = models | average
    with left:
        rows = [_figures(name, read) for name, read in reads.items()]
        head = ("Model", "Accuracy", "95 % interval", "Calibration error", "Seen in training")
        st.html(markup.table(head, rows, numbers=4))
        caption = (
            "Of intervals made this way, 19 of 20 contain the accuracy on all such digits. That "
            "two overlap does not mean that there is no difference: all read the same rows, so "
            "only those that they read differently count."
        )
        if any(read.seen is None for read in reads.values()):
            caption += (
                " “Unknown”: it is not recorded which rows the model was trained on, so some may "
                "be among these."
            )
        st.caption(caption)
    with right:
        charts.intervals({name: read.measured for name, read in reads.items()})
    for family in seed_groups(read.model.card for read in models.values()):
        st.caption(markup.plain(_seeds(family, reads)))


def _figures(name: str, read: Read) -> tuple[str, ...]:
    measured, (low, high) = read.measured, read.measured.interval
    right = int(np.trace(measured.confusion))
    return (
        name,
        f"{measured_percent(measured.accuracy)} ({right:,})",
        f"{100 * low:.2f} to {100 * high:.2f}",
        f"{100 * measured.calibration_error:.2f} %",
        "Unknown" if read.seen is None else f"{read.seen:,}",
    )


def _seeds(family: list[ModelCard], reads: dict[str, Read]) -> str:
    """Say mean and spread, on these rows, of models that differ only in the seed."""
    shares = [100 * reads[card.name].measured.accuracy for card in family]
    return (
        f"{family[0].architecture}, {len(shares)} seeds: {mean(shares):.2f} % of these rows on "
        f"average, spread ±{stdev(shares):.2f} (standard deviation)."
    )
