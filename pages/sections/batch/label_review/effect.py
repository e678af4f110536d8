"""What decisions about labels change: the same training without and with them, in one click."""

import streamlit as st

from pages.sections.batch.label_review import trainings
from pages.sections.batch.records import Result
from pages.shared import actions
from recognizer.architectures import ARCHITECTURES
from recognizer.errors import RecognizerError
from recognizer.jobs import experiments
from recognizer.records import TrainingConfig

NETWORK = "compact"  # quick, and about as good as any
_PROBLEM = "effect-problem"


def offer(result: Result) -> None:
    """Offer to train twice, without and with the decisions; to begin leads to the Train page."""
    if trainings.may_start() and st.button(
        "What do they change?",
        icon=":material/science:",
        help=f"Train {NETWORK} on this table twice, without and with these decisions, else alike; "
        "then compare them on the rows that both held out. The Train page offers other networks.",
    ):
        try:
            trainings.start(result, "audit", _runs)
        except RecognizerError as error:
            st.session_state[_PROBLEM] = str(error)


def problem() -> str | None:
    """Return what went wrong at the last click, once."""
    return st.session_state.pop(_PROBLEM, None)


def _runs(name: str, table: str) -> dict[str, TrainingConfig]:
    config = actions.decide(ARCHITECTURES[NETWORK].advice, table)
    return experiments.with_and_without(name, config)
