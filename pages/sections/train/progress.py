"""One training on the Train page, while it runs and afterwards."""

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from pages.sections.train import curves
from pages.sections.train.settings import JOB
from pages.shared import actions, error_boundary, layout, model_list, session
from pages.shared.access import roles
from pages.shared.access.roles import Action
from pages.shared.components import confusion_matrix, markup
from pages.shared.components.markup import duration
from recognizer import jobs
from recognizer.errors import RecognizerError
from recognizer.evaluation import measured_percent
from recognizer.jobs import database, folders, provenance
from recognizer.models import registry
from recognizer.records import Digits

LOOK_SECONDS = 1.0
RECENT = 20  # batch rows that tell the speed now
LOG_LINES = 200
UNDER_WAY = (jobs.State.QUEUED, jobs.State.RUNNING)
_PROBLEM = "train-live-problem"  # what went wrong in a callback, shown once
_SEEN = "train-seen"  # (job id, its progress rows so far)


def show(job_id: str) -> None:
    """Show a training; look again and again while it is under way."""
    try:
        job = database.find_job(job_id)
    except RecognizerError as error:
        st.error(markup.plain(str(error)), icon=":material/error:")
        label = "New training" if roles.may(Action.TRAIN) else "All trainings"
        st.button(label, icon=":material/add:", on_click=_leave)
        return
    st.subheader(job.name, anchor=False)
    config = job.config
    st.caption(
        f"{config.architecture}, {config.epochs} epochs, batches of {config.batch_size}, learning "
        f"rate {config.learning_rate:g}, {'augmented' if config.augment else 'not augmented'}, "
        f"seed {config.seed}"
    )
    every = LOOK_SECONDS if job.state in UNDER_WAY else None
    error_boundary.fragment(_look, run_every=every)(job_id, job.state)


def _look(job_id: str, shown: jobs.State) -> None:
    """Show how it stands now."""
    try:
        job = database.find_job(job_id)
        if job.state != shown or st.query_params.get(JOB) != job_id:
            st.rerun()  # the whole page: its next run knows whether to look again
        rows = _progress(job_id)
        _status(job)
        if job.state in UNDER_WAY:
            _bars(job, rows)
        model = _published(job)
        if model:
            _result(model)
        _actions(job, model)
        curves.show(rows)
        _reading(job)
        if roles.may(Action.TRAIN):  # it names folders
            with st.expander("Log"):
                lines = folders.log(job_id).splitlines()[-LOG_LINES:]
                st.code("\n".join(lines) or "Nothing yet.", None)
    except RecognizerError as error:
        st.error(markup.plain(str(error)), icon=":material/error:")


def _progress(job_id: str) -> list[jobs.ProgressRow]:
    """Return all progress so far; only rows newer than the last seen are read."""
    seen_id, rows = st.session_state.get(_SEEN, (None, []))
    if seen_id != job_id:
        rows = []
    rows = merged(rows, jobs.progress(job_id, max((row.seq for row in rows), default=0)))
    st.session_state[_SEEN] = (job_id, rows)
    return rows


def merged(old: list[jobs.ProgressRow], new: list[jobs.ProgressRow]) -> list[jobs.ProgressRow]:
    """Put new rows behind old ones; after a resume they replace those of the repeated part."""
    begins = {row.kind: row.step for row in reversed(new)}
    return [row for row in old if row.step < begins.get(row.kind, row.step + 1)] + new


def _status(job: jobs.Job) -> None:
    words = markup.plain(_in_words(job))
    match job.state:
        case jobs.State.FAILED:
            st.error(words, icon=":material/error:")
        case jobs.State.INTERRUPTED:
            st.warning(words, icon=":material/warning:")
        case jobs.State.DONE | jobs.State.STOPPED:
            st.success(words, icon=":material/check_circle:")
        case _:
            st.markdown(f"**{words}**")


def _in_words(job: jobs.Job) -> str:
    epochs = f"{job.epoch} of {job.config.epochs}"
    match job.state:
        case jobs.State.QUEUED:
            return _waiting()
        case jobs.State.RUNNING if job.stop:
            return "Stopping: the best network so far is measured and published."
        case jobs.State.RUNNING if job.step == 0:
            return "Starting: Keras is loading, about 15 seconds."
        case jobs.State.RUNNING if job.step >= job.steps:
            return "All epochs are done: the best network is measured and published."
        case jobs.State.RUNNING:
            return f"Training: epoch {epochs}."
        case jobs.State.INTERRUPTED:
            return "Interrupted: its process is gone. Resume goes on after the last whole epoch."
        case jobs.State.FAILED:
            return f"Failed. {job.message}"
        case _ if not job.published:
            return job.message
        case jobs.State.STOPPED:
            return f"Stopped in epoch {epochs}: the best network so far is kept."
        case _:
            return f"Finished after epoch {epochs}."


def _waiting() -> str:
    """Say what a training waits for."""
    running = [job.name for job in database.all_jobs() if job.state == jobs.State.RUNNING]
    return f"Waiting for {running[0]} to end." if running else "Waiting for its turn."


def _bars(job: jobs.Job, rows: list[jobs.ProgressRow]) -> None:
    """Show how far the epoch and the training are, the speed and the time left."""
    batches = [row for row in rows if row.kind == curves.TRAINING]
    if not batches:
        return
    now = batches[-1]
    speed = max(1e-9, float(np.mean([row.images_per_second for row in batches[-RECENT:]])))
    left = duration((job.steps - now.step) * job.config.batch_size / speed)
    share = min(1.0, now.step / job.steps)
    st.progress(now.batch / now.batches, f"This epoch: batch {now.batch:,} of {now.batches:,}")
    st.progress(share, f"Overall: {share:.0%}, {speed:,.0f} images a second, about {left} left")


def _published(job: jobs.Job) -> registry.StoredModel | None:
    """Return the model that came of it, if it is still there; say so if it is not."""
    if not job.published:
        return None
    model = next((model for one, model in provenance.trained_models() if one.id == job.id), None)
    if model is None:
        gone = f"Its model, {job.published}, is not here any more: deleted or damaged."
        st.info(markup.plain(gone), icon=":material/info:")
    elif model.name != job.published:
        told = f"Its model, {job.published}, is called {model.name} now."
        st.info(markup.plain(told), icon=":material/info:")
    return model


def _result(model: registry.StoredModel) -> None:
    """Show what the finished model is worth."""
    low, high = model.card.interval
    st.metric("Held-out accuracy", measured_percent(model.card.accuracy))
    st.caption(
        f"Of {model.card.n:,} digits that it never saw and that chose nothing; 95 % interval "
        f"{100 * low:.2f} to {100 * high:.2f} %." + " It is the default model." * model.default
    )


def _actions(job: jobs.Job, model: registry.StoredModel | None) -> None:
    """Offer what can be done with it now."""
    with st.container(horizontal=True):
        if model and st.button("Open on the Draw page", icon=":material/draw:"):
            st.session_state[session.MODEL] = model.name
            st.switch_page(layout.home())
        if model and st.button("Compare it", icon=":material/compare_arrows:"):
            model_list.pick_to_compare(model.name)
            st.switch_page(layout.compare())
        if roles.may(Action.TRAIN):
            _changes(job, model)
        else:
            st.button("All trainings", icon=":material/arrow_back:", on_click=_leave)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(markup.plain(problem), icon=":material/error:")


def _changes(job: jobs.Job, model: registry.StoredModel | None) -> None:
    """Offer what the operator can do with it."""
    if model and not model.default:
        st.button("Make it the default", on_click=_act, args=(actions.promote, model.name))
    if job.state in UNDER_WAY:
        stop = partial(_act, actions.stop_training, job.id)
        st.button("Stop", icon=":material/stop:", on_click=stop, disabled=job.stop)
    elif not job.published:
        resume = partial(_act, actions.resume_training, job.id)
        st.button("Resume", icon=":material/play_arrow:", on_click=resume)
    st.button("New training", icon=":material/add:", on_click=_leave)
    if job.state not in UNDER_WAY:
        with st.popover("Delete"):
            st.write("Delete this training, its curves and its log? Its model stays.")
            st.button("Delete it", on_click=_delete, args=(job.id,))


def _reading(job: jobs.Job) -> None:
    """Show the last reading of the validation rows."""
    last, before = jobs.last_reading(job.id), jobs.previous_reading(job.id)
    if last is None:
        if job.state in UNDER_WAY:
            st.caption("The confusion matrix comes with the first reading of the validation rows.")
        return
    step, probabilities = last
    rows = _validation_rows(job.id)
    if len(rows) != len(probabilities):
        return  # it has just been deleted
    st.subheader("What it takes for what", anchor=False)
    st.caption(f"{len(rows):,} validation digits, read after {step:,} batches.")
    confusion_matrix.show(rows, probabilities, before and before[1])


@st.cache_resource(show_spinner=False, max_entries=8)
def _validation_rows(job_id: str) -> Digits:
    return jobs.validation_rows(job_id)


def _act(do: Callable[[str], object], argument: str) -> None:
    try:
        do(argument)
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)


def _delete(job_id: str) -> None:
    _act(actions.delete_training, job_id)
    if _PROBLEM not in st.session_state:
        _leave()


def _leave() -> None:
    st.query_params.pop(JOB, None)
