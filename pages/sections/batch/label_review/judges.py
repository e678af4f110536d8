"""Who judges the labels of a table: the model that read it, or the models of a cross-validation."""

from dataclasses import dataclass

import streamlit as st

from pages.sections.batch.label_review import trainings
from pages.sections.batch.records import Result
from pages.shared import model_cache
from pages.shared.components import messages
from recognizer import jobs
from recognizer.architectures import ARCHITECTURES
from recognizer.audit import LabelAudit, audit
from recognizer.errors import RecognizerError
from recognizer.inference import out_of_sample
from recognizer.jobs import experiments
from recognizer.models.registry import StoredModel
from recognizer.records import TrainingConfig

FOLDS, NETWORK = 5, "single-conv"  # quick, and sure enough to judge labels
AT = "labels-at"  # in the session: the place in the list
_JUDGE = "labels-judge"


@dataclass(frozen=True, eq=False)
class Judged:
    """Labels to check, and who says so.

    Attributes:
        by: a model's name, or what the models are that judge together.
        several: whether they are several.
        audit: what they found.
        known: whether it is known which rows they have learned from.
    """

    by: str
    several: bool
    audit: LabelAudit
    known: bool


def choose(result: Result) -> Judged:
    """Ask who judges, where there is a choice.

    Raises:
        DataError: who judges has learned from every row.
        ModelError: a model is damaged.
    """
    there = {one.id: (one, models) for one, models in _cross_validations(result)}
    chosen = ""
    if there:
        chosen = st.selectbox(
            "Judged by",
            ["", *there],
            format_func=lambda one: (
                f"{there[one][0].name}: {len(there[one][1])} models, every row"
                if one
                else f"{result.model.name}: the rows that it has not learned from"
            ),
            key=f"{_JUDGE}-{result.id}",
            on_change=lambda: st.session_state.pop(AT, None),
            width=420,
        )
    if not chosen:
        return Judged(
            result.model.name, several=False, audit=result.audit, known=result.seen is not None
        )
    experiment, models = there[chosen]
    key = (result.table.fingerprint, *(model.sha256 for model in models))
    found, known = _judged(key, result, models)
    by = f"{experiment.name}'s {len(models)} models"
    return Judged(by, several=True, audit=found, known=known)


def offer(result: Result) -> None:
    """Offer the trainings that make it possible to check every row."""
    if trainings.may_start() and st.button(
        "Check every row",
        icon=":material/rule:",
        help=f"Train {FOLDS} networks ({NETWORK}), each on all but another fifth of this table. "
        "Together they judge every row, each by the one that has not learned from it.",
    ):
        try:
            trainings.start(result, "check", _folds)
        except RecognizerError as error:
            messages.error(error)


def _folds(name: str, _table: str) -> dict[str, TrainingConfig]:
    return experiments.folds(name, ARCHITECTURES[NETWORK].advice, FOLDS)


def _cross_validations(result: Result) -> list[tuple[jobs.Experiment, list[StoredModel]]]:
    """Return those of this table that hold out every row, and all of whose models are here."""
    found = []
    for one in experiments.all_experiments():
        if not experiments.is_cross_validation(one) or not _is_whole(one):
            continue
        if any(job.tables != (result.table.fingerprint,) for job in one.runs):
            continue
        models = experiments.models(one)
        if len(models) == len(one.runs):
            found.append((one, list(models.values())))
    return found


def _is_whole(experiment: jobs.Experiment) -> bool:
    """Whether a cross-validation still has each fold: who deletes a training takes one out."""
    count = round(1 / experiment.runs[0].config.held_out)
    return {job.config.fold for job in experiment.runs} == set(range(1, count + 1))


@st.cache_resource(
    show_spinner="Each row is read by a network that has not seen it …", max_entries=4
)
def _judged(
    key: tuple[str, ...], _result: Result, _models: list[StoredModel]
) -> tuple[LabelAudit, bool]:
    readers = [(model, model_cache.recognizer(model)) for model in _models]
    digits = _result.table.digits
    read = out_of_sample.read(readers, digits.images)
    return audit(digits, read.probabilities, read.seen), not read.unknown
