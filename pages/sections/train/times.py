"""How long a training has taken, and how long it will still take."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from pages.shared.components.markup import duration
from recognizer import jobs
from recognizer.records import TrainingConfig

READINGS_SHARE = 1.1  # of the time of the batches: validation readings take some, too
START_SECONDS = 15  # until Keras is there and the first batch is compiled
END_SECONDS = 30  # to measure, export and publish the finished network
WATCHED_SECONDS = 10  # from which the pace seen here counts: it includes exports and readings
_ESTIMATE = "train-estimated"  # (settings, seconds) of the last estimate
_FIRST = "train-first-look"  # (job id, time, batches done) of the first look at a training


def keep_estimate(config: TrainingConfig, seconds: float) -> None:
    """Keep how long a training with these settings takes."""
    st.session_state[_ESTIMATE] = replace(config, seed=0, learning_rate=0.0), seconds


def estimated(config: TrainingConfig) -> float | None:
    """Return the seconds that a training takes; None where it was not estimated."""
    known, seconds = st.session_state.get(_ESTIMATE, (None, 0.0))
    return seconds if known == replace(config, seed=0, learning_rate=0.0) else None


def seconds_left(job: jobs.Job, step: int, seconds_a_batch: float) -> float:
    """Return how long a running training will still take, until its model is published.

    Args:
        job: the training.
        step: batches done.
        seconds_a_batch: by the speed of its latest batches, without what comes between epochs.
    """
    now = time.monotonic()
    job_id, began, first = st.session_state.get(_FIRST, (None, now, step))
    if job_id != job.id or step < first:
        began, first = now, step
        st.session_state[_FIRST] = (job.id, now, step)
    pace = seconds_a_batch * READINGS_SHARE
    if step > first and now - began >= WATCHED_SECONDS:
        pace = max(pace, (now - began) / (step - first))
    return (job.steps - step) * pace + END_SECONDS


def passed(job: jobs.Job) -> str:
    """Return the time since a training started, as the beginning of a sentence."""
    seconds = _between(job.started, datetime.now(UTC).isoformat())
    return "" if seconds is None else f"{duration(seconds)} passed, "


def took(job: jobs.Job) -> str:
    """Return how long a training took, as a part of a sentence."""
    seconds = _between(job.started, job.finished)
    return "" if seconds is None else f", in {duration(seconds)}"


def _between(began: str | None, ended: str | None) -> float | None:
    """Return the seconds between two times in ISO 8601; None where one is not known."""
    if not began or not ended:
        return None
    try:
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
    except (ValueError, TypeError):
        return None
