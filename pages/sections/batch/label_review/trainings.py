"""The trainings that checked labels lead to: an experiment on the table, in one click."""

from collections.abc import Callable
from itertools import count

import streamlit as st

from pages.sections.batch.records import Result
from pages.shared import actions, layout
from pages.shared.access import roles
from pages.shared.access.roles import Action
from recognizer import jobs
from recognizer.models import registry
from recognizer.records import TrainingConfig
from recognizer.training import config as training_config


def may_start() -> bool:
    """Whether who is here may add the table to the training data and train on it."""
    return roles.may(Action.TRAIN) and roles.may(Action.ADD_DIGITS)


def start(
    result: Result, prefix: str, runs: Callable[[str, str], dict[str, TrainingConfig]]
) -> None:
    """Start an experiment on a table and go to its page.

    Args:
        result: whose table is trained on.
        prefix: begins the experiment's name, before a number.
        runs: returns the settings of each run, from the experiment's name and the table's id.

    Raises:
        RecognizerError: it cannot be started.
    """
    training_config.check_installed()
    table = actions.add_digits(result.table.name, result.table.digits)
    name = _free_name(prefix)
    found = actions.start_experiment(name, runs(name, table.id), (table.id,))
    st.switch_page(layout.train(), query_params={"experiment": found.id})


def _free_name(prefix: str) -> str:
    """Return a name with a number that no model or training begins with."""
    taken = {model.name for model in registry.list_models().available}
    taken |= {job.name for job in jobs.all_jobs()}
    names = (f"{prefix}-{number}" for number in count(1))
    return next(name for name in names if not any(one.startswith(f"{name}-") for one in taken))
