"""One experiment on the Train page: its runs, what they came to, and what can be done with them."""

from collections.abc import Callable
from functools import partial

import altair as alt
import pandas as pd
import streamlit as st

from pages.sections.train.several import EXPERIMENT, MEDIAN
from pages.shared import actions, error_boundary, layout, model_list
from pages.shared.access import roles
from pages.shared.access.roles import Action
from pages.shared.components import markup, messages
from recognizer import jobs
from recognizer.errors import RecognizerError
from recognizer.evaluation import measured_percent
from recognizer.jobs import experiments, progress_log, test_sets
from recognizer.jobs.records import Experiment

LOOK_SECONDS = 2.0
JOB = "job"  # of the address: which training is shown
_PROBLEM = "experiment-problem"


def show(experiment_id: str) -> None:
    """Show an experiment; look again and again while it is under way."""
    try:
        found = experiments.find(experiment_id)
    except RecognizerError as error:
        messages.error(error)
        st.button("All trainings", icon=":material/arrow_back:", on_click=leave)
        return
    st.header(f"Experiment {found.name}", anchor=False)
    st.caption(_about(found), help=MEDIAN if found.stop_early else None)
    live = _is_under_way(found)
    every = LOOK_SECONDS if live else None
    error_boundary.fragment(_look, run_every=every)(experiment_id, live=live)


def _about(found: Experiment) -> str:
    """Say what is trained, and what is held out."""
    configs = [job.config for job in found.runs]
    networks = list(dict.fromkeys(config.architecture for config in configs))
    epochs = sorted({config.epochs for config in configs})
    words = f"{len(configs)} trainings of {', '.join(networks)}, "
    words += " to ".join(f"{one:,}" for one in dict.fromkeys([epochs[0], epochs[-1]])) + " epochs"
    if experiments.is_cross_validation(found):
        return (
            f"{words}; a cross-validation: each holds out another part of the rows. On the Batch "
            "page they check the labels of all rows."
        )
    early = " Early stopping (median rule)." if found.stop_early else ""
    return f"{words}; all hold out the same rows.{early}"


def leave() -> None:
    """Go to the way to a new training; only in a callback."""
    st.query_params.pop(EXPERIMENT, None)


def open_run(job_id: str) -> None:
    """Show one of the runs; only in a callback."""
    leave()
    st.query_params[JOB] = job_id


def _is_under_way(found: Experiment) -> bool:
    return any(job.is_under_way for job in found.runs)


def _look(experiment_id: str, *, live: bool) -> None:
    """Show how it stands now."""
    try:
        found = experiments.find(experiment_id)
        if _is_under_way(found) != live or st.query_params.get(EXPERIMENT) != experiment_id:
            st.rerun()  # the whole page: its next run knows whether to look again
        # Each part is in a container: whatever it shows, what follows keeps its place.
        with st.container():
            _status(found, live=live)
        with st.container():
            _offer(found, live=live)
        with st.container():
            _settings(found)
        with st.container():
            _runs(found)
        with st.container():
            _curves(found)
    except RecognizerError as error:
        messages.error(error)


def _status(found: Experiment, *, live: bool) -> None:
    ended = sum(bool(job.published) for job in found.runs)
    if not live:
        left = len(found.runs) - ended
        words = f"{ended} of {len(found.runs)} trainings have published a model."
        (messages.warning if left else messages.success)(
            words + (" Resume goes on with the others." if left else "")
        )
        return
    now = next((job for job in found.runs if job.state == jobs.State.RUNNING), None)
    words = "The experiment waits for its turn."
    if now is not None:
        at = f"epoch {now.epoch} of {now.config.epochs}" if now.epoch else "starting"
        words = f"{now.name}: {at}."
    share = sum(_share(job) for job in found.runs) / len(found.runs)
    st.progress(share, f"{markup.plain(words)} {ended} of {len(found.runs)} trainings are done.")


def _share(job: jobs.Job) -> float:
    """Return how far a run is; one that has ended is through."""
    waits = job.is_under_way or not job.published
    return min(1.0, job.step / job.steps) if waits else 1.0


def _offer(found: Experiment, *, live: bool) -> None:
    read = progress_log.best_accuracies(found.id)
    stored = experiments.models(found)
    with st.container(horizontal=True):
        if (
            len(stored) > 1
            and not experiments.is_cross_validation(found)
            and st.button(
                "Compare the models",
                icon=":material/compare_arrows:",
                help=f"On the rows that all of them held out; of more than {model_list.MOST} those "
                "with the highest validation accuracy",
            )
        ):
            first = found.runs[0]
            rows = test_sets.held_out_key(first.config, first.tables)
            best = sorted(stored, key=lambda job_id: -read.get(job_id, 0))[: model_list.MOST]
            model_list.pick_several([stored[job_id].name for job_id in best], rows)
            st.switch_page(layout.compare())
        if roles.may(Action.TRAIN):
            _changes(found, live=live)
        st.button("All trainings", icon=":material/arrow_back:", on_click=leave)
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.error(problem)


def _changes(found: Experiment, *, live: bool) -> None:
    """Offer what the operator can do; each key names the experiment, for late clicks."""
    if live:
        with st.popover("Stop all", icon=":material/stop:"):
            st.write("Stop these trainings? What has published stays; the best so far is kept.")
            act = partial(_act, actions.stop_experiment, found.id)
            st.button("Stop all of them", f"stop-{found.id}", on_click=act)
    elif not all(job.published for job in found.runs):
        act = partial(_act, actions.resume_experiment, found.id)
        st.button("Resume", f"resume-{found.id}", icon=":material/play_arrow:", on_click=act)


def _act(do: Callable[[str], object], argument: str) -> None:
    try:
        do(argument)
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)


def _settings(found: Experiment) -> None:
    """Show mean and spread of each setting, and which is best."""
    every = experiments.settings(found)
    st.subheader("Held-out accuracy", anchor=False)
    if len(every) == 1:
        st.markdown(f"**{markup.unbroken(every[0].in_words())}**")
    else:
        rows = [(one.words, one.in_words()) for one in every]
        st.html(markup.table(("Setting", "Mean ± standard deviation"), rows))
        best = experiments.best(found)
        if best and all(one.accuracies for one in every):
            st.markdown(f"**Best by the mean validation accuracy: {markup.plain(best.words)}.**")
    if experiments.is_cross_validation(found):
        words = "Each on the rows that it held out; the spread is that of the folds."
    else:
        words = (
            "On rows that chose nothing. The spread is the seeds'; whether one model is better "
            "than another, the Compare page says."
        )
    st.caption(f"{words} Runs that were stopped count in no mean.")


def _runs(found: Experiment) -> None:
    st.subheader("Trainings", anchor=False)
    picked = st.dataframe(
        frame(found),
        hide_index=True,
        placeholder="",
        column_config=_COLUMNS,
        key=f"runs-{found.id}",
        on_select="rerun",
        selection_mode="single-row",
        alt="The runs of the experiment, one a row. Tick one to open it.",
    )
    if rows := [row for row in picked.selection.rows if row < len(found.runs)]:
        job = found.runs[rows[0]]
        st.button(
            f"Open {job.name}", f"open-{job.id}", icon=":material/monitoring:",
            on_click=open_run, args=(job.id,),
        )  # fmt: skip
    else:
        st.caption("Tick a training to open it.")


def frame(found: Experiment) -> pd.DataFrame:
    """Return a row for each run: settings that differ, state, and figures so far."""
    words = experiments.differences([job.config for job in found.runs])
    read = progress_log.best_accuracies(found.id)
    stored = experiments.models(found)
    return pd.DataFrame(
        [
            {
                "Training": job.name,
                "Setting": words[job.config],
                "State": job.state.value,
                "Epoch": f"{job.epoch} of {job.config.epochs}",
                "Progress": 100 * _share(job),
                "Validation": 100 * read[job.id] if job.id in read else None,
                "Held-out": 100 * stored[job.id].card.accuracy if job.id in stored else None,
                "Message": job.message,
            }
            for job in found.runs
        ]
    )


_COLUMNS = {
    "Progress": st.column_config.ProgressColumn(format="%.0f %%", min_value=0, max_value=100),
    "Validation": st.column_config.NumberColumn(
        format="%.2f %%", help="Of the best weights so far, which they are chosen by."
    ),
    "Held-out": st.column_config.NumberColumn(
        format="%.2f %%", help="On rows not used in training or model selection."
    ),
}


def _curves(found: Experiment) -> None:
    """Draw the validation accuracy of all runs by epoch, runs of a setting in one colour."""
    names = {job.id: job.name for job in found.runs}
    setting = {job.id: one.words for one in experiments.settings(found) for job in one.runs}
    points = [
        {
            "epoch": epoch,
            "accuracy": accuracy,
            "training": names[job_id],
            "setting": setting[job_id] or "all runs",
        }
        for job_id, epoch, accuracy in progress_log.epoch_accuracies(found.id)
    ]
    if not points:
        return
    st.subheader("Validation accuracy by epoch", anchor=False)
    legend = alt.Legend(orient="bottom-right", title=None, labelLimit=300)
    chart = (
        alt.Chart(pd.DataFrame(points))
        .mark_line(point=True, tooltip=True)
        .encode(
            x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y(
                "accuracy:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(format=".1%")
            ),
            color=alt.Color("setting:N", legend=legend),
            strokeDash=alt.StrokeDash("setting:N", legend=legend),
            detail="training:N",
        )
    )
    best = max(points, key=lambda point: point["accuracy"])
    st.altair_chart(
        chart, height=260, alt="Validation accuracy of each run by epoch; the line below says more."
    )
    st.caption(
        f"Highest so far: {measured_percent(best['accuracy'])}, "
        f"{markup.plain(best['training'])} after epoch {best['epoch']}."
    )
