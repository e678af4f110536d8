"""What a comparison shows: who is better, where they differ, and how each one reads and learned."""

from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np
import streamlit as st

from pages.sections.compare import charts, disagreements, per_digit
from pages.sections.compare.test_set import Rows
from pages.shared import model_cache
from pages.shared.components import markup
from recognizer.comparison import Compared, all_pairs
from recognizer.errors import ModelError
from recognizer.evaluation import Evaluation, evaluate, measured_percent
from recognizer.jobs import provenance
from recognizer.models import seen_rows
from recognizer.models.card import ModelCard, seed_groups
from recognizer.models.registry import TFLITE_FILE, StoredModel

STYLE = disagreements.STYLE
MANY = 0.01  # share of known rows from which they are worth a warning


@dataclass(frozen=True, eq=False)
class Read:
    """What one model read.

    Attributes:
        model: the model.
        probabilities: array of shape (n, 10).
        measured: against the labels.
        known: rows that it was trained or chosen on; None where nobody can tell.
    """

    model: StoredModel
    probabilities: np.ndarray
    measured: Evaluation
    known: int | None


def show(models: list[StoredModel], rows: Rows) -> None:
    """Read the rows with each model, and show how they compare."""
    reads = {}
    for model in models:
        try:
            with st.spinner(f"{model.name} reads {len(rows.digits):,} digits …"):
                reads[model.name] = _read(model, rows)
        except ModelError as error:
            st.error(markup.plain(str(error)), icon=":material/error:")
    if len(reads) < 2:
        return
    labels = rows.digits.labels
    probabilities = {name: read.probabilities for name, read in reads.items()}
    compared = all_pairs(labels, {name: one.argmax(axis=1) for name, one in probabilities.items()})
    st.subheader("Is one really better?", anchor=False)
    _verdicts(compared)
    _warn(reads, len(rows.digits))
    _accuracies(reads)
    disagreements.show(rows.digits, probabilities)
    measured = {name: read.measured for name, read in reads.items()}
    per_digit.show(measured)
    charts.calibration(probabilities, measured, labels)
    st.subheader("How they learned", anchor=False)
    charts.learning({name: read.model.card for name, read in reads.items()})


def _read(model: StoredModel, rows: Rows) -> Read:
    probabilities = _probabilities(model.card.sha256[TFLITE_FILE], rows.id, model, rows)
    try:
        known = _known(_training(model.card), rows.id, model, rows)
    except ModelError as error:  # it can be compared all the same
        st.warning(markup.plain(str(error)), icon=":material/warning:")
        known = None
    return Read(model, probabilities, evaluate(probabilities, rows.digits.labels), known)


@st.cache_resource(show_spinner=False, max_entries=64)
def _probabilities(content: str, rows_id: str, _model: StoredModel, _rows: Rows) -> np.ndarray:
    """Read once for a model's and the rows' content; nobody may change the answer, it is shared."""
    probabilities = model_cache.recognizer(_model).predict(_rows.digits.images)
    probabilities.setflags(write=False)
    return probabilities


@st.cache_data(show_spinner=False, max_entries=256, ttl=60)
def _known(training: tuple, rows_id: str, _model: StoredModel, _rows: Rows) -> int | None:
    """Ask once a minute for models that were trained on the same rows: tables come and go."""
    noted = seen_rows.is_seen(_model, _rows.digits.images)
    return provenance.known_rows(_model.card, _rows.digits) if noted is None else int(noted.sum())


def _training(card: ModelCard) -> tuple:
    """Return what decides on which rows a model was trained."""
    return card.data.sha256, card.data.name, card.config.seed, card.config.held_out


def _verdicts(compared: list[Compared]) -> None:
    if len(compared) == 1:
        st.markdown(f"**{markup.plain(compared[0].words)}**")
        return
    st.markdown("\n".join(f"- {markup.plain(one.words)}" for one in compared))
    st.caption(
        f"These are {len(compared)} comparisons, so each is held to a stricter measure (Holm): "
        "among many, one would look real by luck alone."
    )


def _warn(reads: dict[str, Read], n: int) -> None:
    """Tell whom the rows flatter."""
    known = {name: read.known for name, read in reads.items() if (read.known or 0) >= MANY * n}
    if known:
        told = ", ".join(f"{name} {count:,}" for name, count in known.items())
        st.warning(
            f"Not a fair comparison: of these {n:,} rows, some were among those a model learned "
            f"from or was chosen on ({markup.plain(told)}), which flatters it.",
            icon=":material/warning:",
        )


def _accuracies(reads: dict[str, Read]) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        rows = [_figures(name, read) for name, read in reads.items()]
        head = ("Model", "Read right", "95 % interval", "Calibration error", "Rows it knew")
        st.html(markup.table(head, rows, numbers=4))
        st.caption(
            "Of intervals made this way, 19 of 20 hold the share that the model reads right of all "
            "such digits. That two overlap does not mean that there is no difference: all read the "
            "same rows, and what is said above counts only where they differ. “Unknown”: the table "
            "that the model was trained on is not kept here."
        )
    with right:
        charts.intervals({name: read.measured for name, read in reads.items()})
    for family in seed_groups(read.model.card for read in reads.values()):
        st.caption(markup.plain(_seeds(family, reads)))


def _figures(name: str, read: Read) -> tuple[str, ...]:
    measured, (low, high) = read.measured, read.measured.interval
    right = int(np.trace(measured.confusion))
    return (
        name,
        f"{measured_percent(measured.accuracy)} ({right:,})",
        f"{100 * low:.2f} to {100 * high:.2f}",
        f"{100 * measured.calibration_error:.2f} %",
        "unknown" if read.known is None else f"{read.known:,}",
    )


def _seeds(family: list[ModelCard], reads: dict[str, Read]) -> str:
    """Say mean and spread, on these rows, of models that differ only in the seed."""
    shares = [100 * reads[card.name].measured.accuracy for card in family]
    return (
        f"{family[0].architecture}, {len(shares)} seeds: {mean(shares):.2f} % of these rows on "
        f"average, spread ±{stdev(shares):.2f} (standard deviation)."
    )
