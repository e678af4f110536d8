"""What a training learns from beside its rows: other models, and decisions about labels."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.shared import actions
from pages.shared.components import messages
from recognizer.audit import decisions
from recognizer.datasets import library
from recognizer.errors import RecognizerError
from recognizer.jobs import teachers
from recognizer.models import registry
from recognizer.records import TrainingConfig

AS_IS, AS_DECIDED, BOTH = WAYS = ("As in the table", "As decided", "Both, to see the difference")
_TEACHERS, _LABELS = "train-teachers", "train-labels"  # keys of the widgets


def ask(config: TrainingConfig, tables: Sequence[library.StoredTable]) -> TrainingConfig:
    """Offer teachers, and the decisions about the labels where there are some.

    Returns:
        The settings with the teachers, and the split that they had.
    """
    names = [model.name for model in registry.list_models().available]
    with st.expander("Learn also from models"):
        st.session_state[_TEACHERS] = [
            name for name in st.session_state.get(_TEACHERS, []) if name in names
        ]
        st.multiselect(
            "Teachers",
            names,
            key=_TEACHERS,
            persist_state="session",
            help="Knowledge distillation (Hinton, Vinyals and Dean, 2015): half of what the "
            "network learns of a row is its label, half the mean of what these models read in it, "
            "where they read it as labelled. Several are an ensemble, whose knowledge goes into "
            "one network.",
        )
        st.caption(
            "For an honest test, a teacher must not have learned from the held-out rows. If all "
            "teachers were trained with the same split, this training takes it."
        )
    words = _decided(tables)
    if words:
        st.segmented_control(
            "Labels", WAYS, default=AS_IS, required=True, key=_LABELS, persist_state="session"
        )
        st.caption(
            f"Decided on the Batch page: {words}. Decisions change what the network learns from "
            "and validates on; held-out rows keep the labels of the table."
        )
    try:
        return _taught(config)
    except RecognizerError as error:  # a model was deleted meanwhile
        messages.error(error)
        return config


def submitted(config: TrainingConfig, tables: Sequence[str]) -> TrainingConfig:
    """Return the settings with what is chosen here; only in a callback.

    Raises:
        RecognizerError: a teacher is gone, or nothing is decided any more.
    """
    config = _taught(config)
    if len(tables) == 1 and follows(tables[0]):
        config = actions.decide(config, tables[0])
    return config


def wants_both(table_ids: Sequence[str]) -> bool:
    """Whether there shall be a training with and one without the decisions."""
    return len(table_ids) == 1 and follows(table_ids[0]) and st.session_state[_LABELS] == BOTH


def follows(table_id: str) -> bool:
    """Whether the decisions about the labels are to be followed."""
    chosen = st.session_state.get(_LABELS, AS_IS)
    return chosen != AS_IS and bool(_decided([library.find_table(table_id)]))


def _taught(config: TrainingConfig) -> TrainingConfig:
    names = tuple(st.session_state.get(_TEACHERS, ()))
    if not names:
        return config
    return replace(config, teachers=names, split_seed=teachers.seed_of_split(names))


def _decided(tables: Sequence[library.StoredTable]) -> str:
    """Say what was decided about the labels of the only table; empty where nothing was."""
    if len(tables) != 1:
        return ""
    try:
        found = decisions.load(tables[0].id, tables[0].rows)
        return found.words(library.load(tables[0].id).labels) if found.choices else ""
    except RecognizerError as error:
        messages.warning(error)
        return ""
