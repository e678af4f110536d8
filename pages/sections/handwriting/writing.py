"""Each digit, asked for one after the other, of the chosen hand."""

import functools

import streamlit as st

from pages.shared import actions, handwriting, session
from pages.shared.canvas import prompts
from pages.shared.canvas.prompts import Prompts
from recognizer.datasets.corrections import Correction
from recognizer.models.registry import StoredModel
from recognizer.records import LABELS

KEY = "handwriting"  # of the canvas
MOST_TIMES = 5  # of each digit


def show(model: StoredModel) -> None:
    """Ask for the next digit, or say that all are written.

    Args:
        model: whose reading is kept with each drawing.
    """
    times = st.segmented_control(
        "Drawings of each digit",
        range(1, MOST_TIMES + 1),
        default=session.choice(session.TIMES),
        required=True,
        **session.keeps(session.TIMES),
    )
    hand = next(iter(handwriting.corrections().hands()), None)
    drawn = hand.digits if hand else (0,) * len(LABELS)
    keep = functools.partial(_keep, model.name)
    prompts.show(
        Prompts(KEY, drawn, times, keep, _take_back),
        model,
        f"Each digit is written {'once' if times == 1 else f'{times} times'}. Choose more "
        "drawings of each digit to go on.",
    )


def _keep(model: str, correction: Correction) -> None:
    actions.keep_correction(model, correction, session.choice(session.HAND))


def _take_back(drawing_id: str) -> None:
    actions.take_back_correction("", drawing_id, session.choice(session.HAND))
