"""Train a network on labelled digits and watch it learn."""

import streamlit as st

from pages.sections.train import (
    data,
    experiment,
    learning,
    progress,
    settings,
    several,
)
from pages.shared import layout
from pages.shared.access import operator, roles
from pages.shared.components import messages
from recognizer import jobs
from recognizer.errors import RecognizerError
from recognizer.jobs import database, experiments
from recognizer.system import locks
from recognizer.training import config

EARLIER = 20  # trainings listed


def main() -> None:
    """Lay out the page: one training, or the way to a new one."""
    layout.guard("train")
    st.title("Train a network and watch it learn", anchor=False)
    try:
        locks.check_system()
        config.check_installed()
    except RecognizerError as error:  # Windows, or an installation without TensorFlow
        messages.info(error, markdown=True)  # of the app's own
        return
    try:
        trainings(st.query_params.get(settings.JOB), st.query_params.get(several.EXPERIMENT))
    except RecognizerError as error:  # jobs.db is in use by others, or damaged
        messages.error(error)


def trainings(job_id: str | None, experiment_id: str | None) -> None:
    """Show one training or experiment, or the way to a new one; and the others."""
    if job_id:
        progress.show(job_id)
    elif experiment_id:
        experiment.show(experiment_id)
    else:
        running = show_under_way()
        if roles.may(roles.Action.TRAIN):
            prepare()
        else:
            now = "" if running else " None runs now."
            messages.info(
                f"On this server the operator trains: you can watch each training here.{now} "
                f"To become the operator: {operator.how_to_become()}",
                icon="visibility",
            )
    show_earlier(job_id or experiment_id)


def show_under_way() -> bool:
    """Lead to the training that runs now; return whether there is one."""
    running = [job for job in database.all_jobs() if job.state == jobs.State.RUNNING]
    for job in running:
        label = f"Watch {job.name} learn"
        st.button(label, icon=":material/monitoring:", on_click=_open, args=(job.id,))
    return bool(running)


def prepare() -> None:
    """Lead from the digits to Start."""
    # Each part is in a container: whatever it shows, what follows keeps its place.
    with st.container():
        tables = data.bring()
        if tables:
            data.see(tables)
    with st.container():
        entry = settings.network()
        chosen = settings.settings(entry)
        chosen = learning.ask(chosen, tables)
    with st.container():
        if tables:
            settings.explain(chosen, tables)
    if tables:
        settings.start(chosen, tables)
    else:
        st.caption("Add data to start.")


def show_earlier(open_id: str | None) -> None:
    """List the experiments and the trainings on this machine, newest first."""
    several_of = [one for one in experiments.all_experiments() if one.id != open_id][:EARLIER]
    others = [one for one in database.all_jobs() if one.id != open_id and not one.experiment]
    others = others[:EARLIER]
    if not (several_of or others):
        return
    where = "server" if roles.is_exposed() else "machine"
    st.header(f"Trainings on this {where}", anchor=False)
    for one in several_of:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(one.name, f"experiment-{one.id}", on_click=_open_experiment, args=(one.id,))
            done = sum(bool(job.published) for job in one.runs)
            st.caption(f"experiment · {done} of {len(one.runs)} trainings done · {_day(one)}")
    for job in others:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(job.name, key=f"open-{job.id}", on_click=_open, args=(job.id,))
            st.caption(f"{job.config.architecture} · {job.state} · {_day(job)}")


def _day(made: jobs.Job | jobs.Experiment) -> str:
    return made.created[:16].replace("T", " ") + " UTC"


def _open(job_id: str) -> None:
    experiment.open_run(job_id)


def _open_experiment(experiment_id: str) -> None:
    st.query_params.pop(settings.JOB, None)
    st.query_params[several.EXPERIMENT] = experiment_id


main()
