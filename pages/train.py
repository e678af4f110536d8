"""Train a network on labelled digits and watch it learn."""

import streamlit as st

from pages.shared import (
    access,
    charts,
    frame,
    operators,
    sheets,
    training_data,
    training_live,
    training_settings,
)
from recognizer import jobs, locks
from recognizer.errors import RecognizerError

EARLIER = 20  # trainings listed


def main() -> None:
    """Lay out the page: one training, or the way to a new one."""
    frame.guard("train")
    st.html(charts.style() + sheets.STYLE)
    st.title("Train a network and watch it learn", anchor=False)
    try:
        locks.check_system()
    except RecognizerError as error:  # Windows
        st.info(str(error), icon=":material/info:")
        return
    job_id = st.query_params.get(training_settings.JOB)
    if job_id:
        training_live.show(job_id)
    else:
        running = show_under_way()
        if access.may(access.Action.TRAIN):
            prepare()
        else:
            now = "" if running else " None runs now."
            st.info(
                f"On this server the operator trains: you can watch each training here.{now} "
                f"To become the operator, {operators.how_to_become()}",
                icon=":material/visibility:",
            )
    show_earlier(job_id)


def show_under_way() -> bool:
    """Lead to the training that runs now, and tell whether there is one."""
    running = [job for job in jobs.all_jobs() if job.state == jobs.State.RUNNING]
    for job in running:
        label = f"Watch {job.name} learn"
        st.button(label, icon=":material/monitoring:", on_click=_open, args=(job.id,))
    return bool(running)


def prepare() -> None:
    """Lead from the digits to Start."""
    tables = training_data.bring()
    if tables:
        training_data.see(tables)
    entry = training_settings.network()
    config = training_settings.settings(entry)
    if tables:
        training_settings.explain(config, tables)
        training_settings.start(config, tables)
    else:
        st.caption("Start comes here as soon as there are digits to train on.")


def show_earlier(open_id: str | None) -> None:
    """List the trainings on this machine, newest first."""
    others = [job for job in jobs.all_jobs() if job.id != open_id][:EARLIER]
    if not others:
        return
    where = "server" if access.is_exposed() else "machine"
    st.subheader(f"Trainings on this {where}", anchor=False)
    for job in others:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(job.name, key=f"open-{job.id}", on_click=_open, args=(job.id,))
            when = job.created[:16].replace("T", " ")
            st.caption(f"{job.config.architecture} · {job.state} · {when} UTC")


def _open(job_id: str) -> None:
    st.query_params[training_settings.JOB] = job_id


main()
