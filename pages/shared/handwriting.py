"""Whose handwriting this session uses, and the models that know it."""

import streamlit as st

from pages.shared import model_cache, session
from pages.shared.access import roles
from recognizer.adaptation import AdaptedRecognizer, hands
from recognizer.adaptation.hands import TriedHand
from recognizer.datasets.corrections import Corrections, Hand
from recognizer.errors import RecognizerError
from recognizer.inference import Recognizer
from recognizer.models.registry import TFLITE_FILE, StoredModel

_TRIED = "handwriting-tried"  # in the session's state: what was tried last, by model


def corrections() -> Corrections:
    """Return what is kept of the chosen hand, as far as this session may see it."""
    return roles.handwriting(session.choice(session.HAND))


def kept() -> Hand | None:
    """Return how much is kept of the chosen hand; None where nothing is, or it can't be read."""
    try:
        return next(iter(corrections().hands()), None)
    except RecognizerError:
        return None


def tried(model: StoredModel) -> TriedHand | None:
    """Return a model with the chosen hand, and what that changes; None where nothing is kept.

    Raises:
        ModelError: the model is damaged.
        StorageError: the drawings cannot be read.
    """
    store = corrections()
    hand = next(iter(store.hands()), None)
    if hand is None:
        return None
    remembered = st.session_state.setdefault(_TRIED, {})
    key = (store.owner, hand)
    content = model.card.sha256[TFLITE_FILE]
    if content not in remembered or remembered[content][0] != key:
        tried_hand = hands.load(model, model_cache.recognizer(model), store.digits())
        remembered[content] = key, tried_hand
    return remembered[content][1]


def recognizer(model: StoredModel) -> Recognizer | AdaptedRecognizer:
    """Return what reads: the model, with the chosen hand where that is on and does not hurt.

    Raises:
        ModelError: the model is damaged.
        StorageError: the drawings cannot be read.
    """
    if session.choice(session.USE_HAND) and (found := tried(model)) and found.trial.helps:
        return found.recognizer
    return model_cache.recognizer(model)


def is_used(model: StoredModel) -> bool:
    """Whether the chosen hand changes how a model reads now."""
    return isinstance(recognizer(model), AdaptedRecognizer)
