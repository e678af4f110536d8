"""The choice beside Start: one training, or several as an experiment."""

import re

import streamlit as st

from pages.sections.train import learning, times
from pages.shared.components import markup, messages
from pages.shared.components.markup import duration
from recognizer.architectures import ARCHITECTURES
from recognizer.errors import RecognizerError, SettingError
from recognizer.jobs import experiments
from recognizer.records import TrainingConfig

EXPERIMENT = "experiment"  # of the address: which experiment is shown
ON, EARLY = "train-several", "train-stop-early"  # keys of widgets
_SEEDS, _RATES, _SIZES = "train-seeds", "train-learning-rates", "train-batch-sizes"
_NETWORKS = "train-networks"
MEDIAN = (
    "Median stopping: from the second epoch on, a run ends after an epoch in which its validation "
    "accuracy is below the median of the other runs of its architecture at the same epoch. Its "
    "best network is kept, and counts in no mean."
)


def ask(name: str, config: TrainingConfig, tables: list[str]) -> str:
    """Ask whether to train several, and say how many and about how long.

    Returns:
        The label of the button that starts.
    """
    if learning.wants_both(tables):
        st.caption(
            "Two trainings, one without and one with the decisions about labels, else alike."
        )
        return "Start 2 trainings"
    on = st.toggle(
        "Train several",
        key=ON,
        persist_state="session",
        help="Several seeds say how much of a difference is chance; other networks, learning rates "
        "or batch sizes, which is best. They are queued as one experiment and hold out the same "
        "rows.",
    )
    if not on:
        return "Start training"
    columns = st.columns(3)
    with columns[0]:
        st.number_input("Seeds", step=1, value=3, key=_SEEDS, persist_state="session")
    for column, words, key, example in (
        (columns[1], "Learning rates", _RATES, f"{config.learning_rate:g}"),
        (columns[2], "Batch sizes", _SIZES, str(config.batch_size)),
    ):
        with column:
            st.text_input(
                words,
                key=key,
                persist_state="session",
                placeholder=f"{example}, as set above",
                help="Several, such as 0.001 0.01, with blanks between them.",
            )
    if not config.start:
        _ask_networks(config)
    st.toggle("Early stopping (median rule)", key=EARLY, persist_state="session", help=MEDIAN)
    try:
        runs = submitted(name, config, tables)
    except RecognizerError as error:
        messages.warning(error)
        return "Start training"
    st.caption(_in_words(runs, config))
    return f"Start {len(runs)} training" + "s" * (len(runs) > 1)


def _ask_networks(config: TrainingConfig) -> None:
    names = [name for name in ARCHITECTURES if name != config.architecture]
    before = st.session_state.get(_NETWORKS, [])
    st.session_state[_NETWORKS] = [name for name in before if name in names]
    st.multiselect(
        "Additional networks",
        names,
        key=_NETWORKS,
        persist_state="session",
        placeholder="None",
        help="Each with the settings recommended for it; seeds, learning rates and batch sizes are "
        "those named here.",
    )


def submitted(
    name: str, config: TrainingConfig, tables: list[str]
) -> dict[str, TrainingConfig] | None:
    """Return the settings of each run by its name; None where one training is asked for.

    Raises:
        SettingError: a number that is none, or out of range.
    """
    if learning.wants_both(tables):
        return experiments.with_and_without(name, config)
    if not st.session_state.get(ON):
        return None
    return experiments.grid(
        name,
        config,
        seeds=st.session_state[_SEEDS],
        others=[
            ARCHITECTURES[one].advice
            for one in st.session_state.get(_NETWORKS, [])
            if one != config.architecture and not config.start
        ],
        learning_rates=_numbers("learning rates", st.session_state[_RATES], float),
        batch_sizes=_numbers("batch sizes", st.session_state[_SIZES], int),
    )


def rule() -> str | None:
    """Return by which rule runs end early; only in a callback."""
    return "median" if st.session_state.get(ON) and st.session_state.get(EARLY) else None


def _numbers(words: str, text: str, kind: type) -> list:
    """Return the numbers of a text, with blanks, commas or semicolons between them."""
    try:
        return [kind(one) for one in re.split(r"[\s,;]+", text.strip()) if one]
    except ValueError as error:
        raise SettingError(
            f"The {words} are {text[:40]!r}: expected numbers with a point and blanks between "
            "them, such as 0.001 0.01, or nothing for the one that is set above."
        ) from error


def _in_words(runs: dict[str, TrainingConfig], config: TrainingConfig) -> str:
    names = list(runs)
    listed = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    words = (
        f"{len(names)} training{'s' * (len(names) > 1)}, {markup.plain(listed)}, one after another."
    )
    if len({run.architecture for run in runs.values()}) > 1:
        return words
    seconds = times.estimated(config)
    if seconds is None:
        return f"{words} To see about how long, switch on “Estimate the time” above."
    return f"{words} About {duration(len(names) * seconds)} in all."
