"""One training on the Train page, while it runs and afterwards."""

import numpy as np
import streamlit as st

from pages.sections.train import curves, epochs, outcome, times
from pages.sections.train.outcome import UNDER_WAY
from pages.sections.train.settings import JOB
from pages.shared import error_boundary
from pages.shared.access import roles
from pages.shared.access.roles import Action
from pages.shared.components import confusion_matrix, markup, messages
from pages.shared.components.markup import duration
from recognizer import jobs
from recognizer.errors import RecognizerError
from recognizer.jobs import database, folders
from recognizer.jobs.experiments import EARLY
from recognizer.records import Digits

LOOK_SECONDS = 1.0
RECENT = 20  # batch rows that the speed is measured on
LOG_LINES = 200
_SEEN = "train-seen"  # (job id, its progress rows so far)


def show(job_id: str) -> None:
    """Show a training; look again and again while it is under way."""
    try:
        job = database.find_job(job_id)
    except RecognizerError as error:
        messages.error(error)
        label = "New training" if roles.may(Action.TRAIN) else "All trainings"
        st.button(label, icon=":material/add:", on_click=outcome.leave)
        return
    st.header(job.name, anchor=False)
    config = job.config
    st.caption(
        f"{config.architecture}, {config.epochs} epochs, batches of {config.batch_size}, learning "
        f"rate {config.learning_rate:g}, {'augmented' if config.augment else 'not augmented'}, "
        f"seed {config.seed}"
        + (f", split {config.seed_of_split}" if config.split_seed is not None else "")
        + (f", fold {config.fold}" if config.fold > 1 else "")
        + (f", taught by {', '.join(config.teachers)}" if config.teachers else "")
        + (", labels as decided" if config.decisions else "")
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
        # Each part is in a container: whatever it shows, what follows keeps its place.
        with st.container():
            _status(job, rows)
            if job.state in UNDER_WAY:
                _bars(job, rows)
        with st.container():
            model = outcome.published(job)
            if model:
                outcome.show(model)
        with st.container():
            outcome.offer(job, model)
        with st.container():
            curves.show(rows, _shown_epochs(job))
        with st.container():
            if model:
                outcome.show_matrix(job, model)
                epochs.show(job, model)
            else:
                _reading(job)
        if roles.may(Action.TRAIN):  # it names folders
            with st.expander("Log"):
                lines = folders.log(job_id).splitlines()[-LOG_LINES:]
                st.code("\n".join(lines) or "Nothing yet.", None)
    except RecognizerError as error:
        messages.error(error)


def _shown_epochs(job: jobs.Job) -> int:
    """Return how many epochs the curves show: those that are planned, or that it came to."""
    return job.config.epochs if job.state in UNDER_WAY else max(1, job.epoch)


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


def _status(job: jobs.Job, rows: list[jobs.ProgressRow]) -> None:
    words = _in_words(job, rows)
    match job.state:
        case jobs.State.FAILED:
            messages.error(words)
        case jobs.State.INTERRUPTED:
            messages.warning(words)
        case jobs.State.DONE | jobs.State.STOPPED:
            messages.success(words)
        case _:
            st.markdown(f"**{markup.plain(words)}**")


def _in_words(job: jobs.Job, rows: list[jobs.ProgressRow]) -> str:
    epochs = f"{job.epoch} of {job.config.epochs}"
    match job.state:
        case jobs.State.QUEUED:
            return _waiting()
        case jobs.State.RUNNING if job.stop:
            return "Stopping: the best network so far is measured and published."
        case jobs.State.RUNNING if job.step == 0:
            return "Starting: loading Keras and the digits, about 15 seconds."
        case jobs.State.RUNNING if job.step >= job.steps:
            return "All epochs are done: the best network is measured, exported and published."
        case jobs.State.RUNNING if rows and rows[-1].kind == curves.EPOCH:
            return f"Epoch {epochs} is done: its network is exported."
        case jobs.State.RUNNING:
            return f"Training: epoch {epochs}."
        case jobs.State.INTERRUPTED:
            return "Interrupted: its process is gone. Resume goes on after the last whole epoch."
        case jobs.State.FAILED:
            return f"Failed. {job.message}"
        case _ if not job.published:
            return job.message
        case jobs.State.STOPPED:
            if job.message.startswith(EARLY):
                return job.message
            return f"Stopped in epoch {epochs}{times.took(job)}: the best network so far is kept."
        case _:
            return f"Finished after epoch {epochs}{times.took(job)}."


def _waiting() -> str:
    """Say what a training waits for."""
    running = [job.name for job in database.all_jobs() if job.state == jobs.State.RUNNING]
    return f"Waiting for {running[0]} to end." if running else "Waiting for its turn."


def _bars(job: jobs.Job, rows: list[jobs.ProgressRow]) -> None:
    """Show how far the epoch and the training are, the speed, and the time passed and left."""
    batches = [row for row in rows if row.kind == curves.TRAINING]
    if not batches:
        return
    now = batches[-1]
    speed = max(1e-9, float(np.mean([row.images_per_second for row in batches[-RECENT:]])))
    left = times.seconds_left(job, now.step, job.config.batch_size / speed)
    share = min(1.0, now.step / job.steps)
    st.progress(now.batch / now.batches, f"This epoch: batch {now.batch:,} of {now.batches:,}")
    st.progress(
        share,
        f"Overall: {share:.0%}, {speed:,.0f} images a second. {times.passed(job)}about "
        f"{duration(left)} left, exporting and publishing included.",
    )


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
    live = job.state in UNDER_WAY
    st.header("Confusion matrix, live" if live else "Confusion matrix, last reading", anchor=False)
    st.caption(f"{len(rows):,} validation digits, read after {step:,} batches.")
    confusion_matrix.show(rows, probabilities, before and before[1])


@st.cache_resource(show_spinner=False, max_entries=8)
def _validation_rows(job_id: str) -> Digits:
    return jobs.validation_rows(job_id)
