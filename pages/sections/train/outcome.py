"""What came of a training: the model and its figures, and what can be done with both now."""

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from pages.sections.train.fields import START
from pages.sections.train.settings import JOB
from pages.sections.train.several import EXPERIMENT
from pages.shared import (
    actions,
    default_model,
    layout,
    model_cache,
    model_list,
    sample,
    session,
)
from pages.shared.access import roles
from pages.shared.access.roles import Action
from pages.shared.components import confusion_matrix, markup, messages
from recognizer import jobs
from recognizer.architectures import ARCHITECTURES
from recognizer.datasets.splits import learned_and_held_out
from recognizer.errors import RecognizerError
from recognizer.evaluation import measured_percent
from recognizer.jobs import provenance
from recognizer.models import maintenance
from recognizer.models.registry import StoredModel
from recognizer.records import Digits

UNDER_WAY = (jobs.State.QUEUED, jobs.State.RUNNING)
_PROBLEM = "train-live-problem"  # what went wrong in a callback, shown once


def published(job: jobs.Job) -> StoredModel | None:
    """Return the model that came of it, if it is still there; say so if it is not."""
    if not job.published:
        return None
    model = next((model for one, model in provenance.trained_models() if one.id == job.id), None)
    if model is None:
        messages.info(f"Its model, {job.published}, is not here any more: deleted or damaged.")
    elif model.name != job.published:
        messages.info(f"Its model, {job.published}, is called {model.name} now.")
    return model


def show(model: StoredModel) -> None:
    """Show how accurate the finished model is."""
    low, high = model.card.interval
    st.metric("Held-out accuracy", measured_percent(model.card.accuracy))
    st.caption(
        f"On {model.card.n:,} test digits, not used in training or model selection; 95 % interval "
        f"{100 * low:.2f} to {100 * high:.2f} %." + " It is the default model." * model.default
    )
    if model.card.changes:
        st.markdown(f"**Continued from {markup.plain(model.card.config.start)}**")
        rows = [
            (one.data, f"{one.n:,}", f"{one.before:,}", f"{one.after:,}")
            for one in model.card.changes
        ]
        with st.container(key="continued"):
            st.html(markup.table(("Read right", "Of", "Before", "After"), rows, numbers=3))
    if set(model.card.data.tables) == {sample.NAME}:
        st.caption(f"Trained and tested on {sample.WORDS}")


def show_matrix(job: jobs.Job, model: StoredModel) -> None:
    """Show the finished model's confusion matrix, on the rows of its held-out accuracy."""
    st.header("Confusion matrix", anchor=False)
    rows = f"The {model.card.n:,} test digits of the held-out accuracy above"
    content = model.sha256
    try:
        digits, probabilities = _held_out(job.id, content, job, model)
    except RecognizerError:  # the digits, or the network, are not here any more
        if model.card.confusion is None:
            st.caption("The digits that it was measured on are not kept here any more.")
            return
        st.caption(f"{rows}; the images are not kept here any more.")
        confusion_matrix.show_counts(np.array(model.card.confusion))
        return
    st.caption(f"{rows}, read by {model.name}.")
    confusion_matrix.show(digits, probabilities, key="matrix-final", changes=False, model=model)


@st.cache_resource(show_spinner="Reading the held-out digits …", max_entries=4)
def _held_out(
    job_id: str, content: str, _job: jobs.Job, _model: StoredModel
) -> tuple[Digits, np.ndarray]:
    """Return the held-out rows and what the model reads in them, (n, 10)."""
    _, digits = learned_and_held_out(_job.config, _job.tables)
    return digits, model_cache.recognizer(_model).predict(digits.images)


def offer(job: jobs.Job, model: StoredModel | None) -> None:
    """Offer what can be done with it now."""
    with st.container(horizontal=True):
        if model and st.button("Open on the Draw page", icon=":material/draw:"):
            st.session_state[session.MODEL] = model.name
            st.switch_page(layout.home())
        if model and st.button("See its epochs on the Inside page", icon=":material/visibility:"):
            st.session_state[session.MODEL] = model.name
            st.switch_page(layout.inside())
        if model and st.button("Compare it", icon=":material/compare_arrows:"):
            model_list.pick_to_compare(model.name)
            st.switch_page(layout.compare())
        if job.experiment:
            st.button(
                "Its experiment", icon=":material/science:", on_click=_to_experiment, args=(job,)
            )
        if roles.may(Action.TRAIN):
            _changes(job, model)
        else:
            st.button("All trainings", icon=":material/arrow_back:", on_click=leave)
    default_model.show_change()
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.error(problem)


def leave() -> None:
    """Go to the way to a new training; only in a callback."""
    st.query_params.pop(JOB, None)


def _to_experiment(job: jobs.Job) -> None:
    leave()
    st.query_params[EXPERIMENT] = job.experiment


def _changes(job: jobs.Job, model: StoredModel | None) -> None:
    """Offer what the operator can do with it.

    Each key names the training: a click that comes late must not hit the one that is shown next.
    """
    if model:
        default_model.offer(model)
    if job.state in UNDER_WAY:
        with st.popover("Stop", icon=":material/stop:", disabled=job.stop):
            st.write("Stop this training? The best network so far is measured and published.")
            stop = partial(_act, actions.stop_training, job.id)
            st.button("Stop it", f"stop-{job.id}", on_click=stop, disabled=job.stop)
    elif not job.published:
        resume = partial(_act, actions.resume_training, job.id)
        st.button("Resume", f"resume-{job.id}", icon=":material/play_arrow:", on_click=resume)
    if model and model.card.architecture in ARCHITECTURES:
        st.button("Continue from it", f"continue-{job.id}", on_click=_continue, args=(model.name,))
    st.button("New training", icon=":material/add:", on_click=leave)
    if job.state not in UNDER_WAY:
        with st.popover("Delete", key=f"deleting-{job.id}", icon=":material/delete:"):
            st.write("Delete this training, its curves and its log? Its model stays.")
            st.button("Delete it", f"delete-{job.id}", on_click=_delete, args=(job.id,))
            if model and not maintenance.why_kept(model):
                st.button(
                    f"Delete it and {markup.plain(model.name)}",
                    f"delete-both-{job.id}",
                    on_click=_delete_with_model,
                    args=(job.id, model.name),
                    help="Neither can be brought back.",
                )


def _continue(name: str) -> None:
    st.session_state[START] = name
    leave()


def _act(do: Callable[[str], object], argument: str) -> None:
    try:
        do(argument)
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)


def _delete_with_model(job_id: str, name: str) -> None:
    _act(actions.delete_model, name)
    if _PROBLEM not in st.session_state:
        _delete(job_id)


def _delete(job_id: str) -> None:
    _act(actions.delete_training, job_id)
    if _PROBLEM not in st.session_state:
        leave()
