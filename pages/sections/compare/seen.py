"""Which rows a model has seen in training: a verdict counts only those that none of them has."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.sections.compare.test_set import Rows
from pages.shared.components import messages
from recognizer.errors import ModelError
from recognizer.jobs import provenance
from recognizer.models import seen_rows
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel

UNSEEN, ALL = "Rows that none has seen", "All rows"
FEW = 30  # rows, below which there is no verdict on what is left


@dataclass(frozen=True, eq=False)
class Chosen:
    """The rows that are compared.

    Attributes:
        rows: their indices, (n,) int.
        fair: whether no model has seen any of them, as far as that is known.
    """

    rows: np.ndarray
    fair: bool


def find(model: StoredModel, rows: Rows) -> np.ndarray | None:
    """Return which rows a model was trained or chosen on, (n,) bool; None where it is not known."""
    try:
        return _find(_training(model.card), rows.id, model, rows)
    except ModelError as error:  # it can be compared all the same
        messages.warning(error)
        return None


def choose(seen: Mapping[str, np.ndarray | None], n: int) -> Chosen:
    """Offer the rows that no model has seen, and say what the others are worth.

    Args:
        seen: by model, as from `find`.
        n: rows in all.
    """
    if unknown := ", ".join(name for name, mask in seen.items() if mask is None):
        st.caption(
            f"It is not recorded which rows these models were trained on: {unknown}. If some are "
            "among these, they look better here than they are."
        )
    counts = {name: int(mask.sum()) for name, mask in seen.items() if mask is not None}
    listed = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
    if not listed:
        return Chosen(np.arange(n), fair=True)
    some = [mask for mask in seen.values() if mask is not None]
    unseen = np.flatnonzero(~np.logical_or.reduce(some))
    why = (
        f"Models have seen some of these {n:,} rows in training or model selection ({listed}), "
        "which makes them look better than they are."
    )
    if len(unseen) < FEW:
        left = f"only {len(unseen):,}" if len(unseen) else "none"
        messages.warning(
            f"No verdict. {why} Of the rows, {left} are left that none has seen: too few to "
            "compare on. Choose other digits."
        )
        return Chosen(np.arange(n), fair=False)
    counted = {UNSEEN: len(unseen), ALL: n}
    way = st.segmented_control(
        "Rows to compare on",
        (UNSEEN, ALL),
        default=UNSEEN,
        required=True,
        format_func=lambda one: f"{one} ({counted[one]:,})",
        key="compare-unseen",
    )
    if way == UNSEEN:
        st.caption(why)
        return Chosen(unseen, fair=True)
    messages.warning(f"No verdict on all rows. {why}")
    return Chosen(np.arange(n), fair=False)


@st.cache_data(show_spinner=False, max_entries=256, ttl=60)
def _find(training: tuple, rows_id: str, _model: StoredModel, _rows: Rows) -> np.ndarray | None:
    """Ask once a minute for models that were trained on the same rows: tables come and go."""
    noted = seen_rows.is_seen(_model, _rows.digits.images)
    return provenance.known_rows(_model.card, _rows.digits) if noted is None else noted


def _training(card: ModelCard) -> tuple:
    """Return what decides on which rows a model was trained."""
    config = card.config
    shares = config.seed_of_split, config.held_out, config.fold
    return card.data.sha256, card.data.name, *shares
