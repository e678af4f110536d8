"""What decisions about labels change: the same training without and with them, in one click."""

import streamlit as st

from pages.sections.batch.label_review import judges
from pages.sections.batch.records import Result
from pages.shared import actions, layout
from pages.shared.access import roles
from pages.shared.access.roles import Action
from recognizer import jobs
from recognizer.architectures import ARCHITECTURES
from recognizer.errors import RecognizerError
from recognizer.jobs import experiments
from recognizer.training import config as training_config

NETWORK = "compact"  # quick, and about as good as any
_PROBLEM = "effect-problem"


def offer(result: Result) -> None:
    """Offer to train twice, without and with the decisions; to begin leads to the Train page."""
    if not (roles.may(Action.TRAIN) and roles.may(Action.ADD_DIGITS)):
        return
    if st.button(
        "What do they change?",
        icon=":material/science:",
        help=f"Train {NETWORK} on this table twice, without and with these decisions, else alike; "
        "then compare them on the rows that both held out. The Train page offers other networks.",
    ):
        try:
            training_config.check_installed()
            found = _start(result)
        except RecognizerError as error:
            st.session_state[_PROBLEM] = str(error)
        else:
            st.switch_page(layout.train(), query_params={"experiment": found.id})


def problem() -> str | None:
    """Return what went wrong at the last click, once."""
    return st.session_state.pop(_PROBLEM, None)


def _start(result: Result) -> jobs.Experiment:
    table = actions.add_digits(result.table.name, result.table.digits)
    config = actions.decide(ARCHITECTURES[NETWORK].advice, table.id)
    name = judges.free_name("audit")
    runs = experiments.with_and_without(name, config)
    return actions.start_experiment(name, runs, (table.id,))
