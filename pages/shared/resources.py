"""Loaded models, shared by all sessions and kept until the file changes."""

import streamlit as st

from recognizer.inference import Recognizer
from recognizer.store import TFLITE_FILE, StoredModel


def recognizer(model: StoredModel) -> Recognizer:
    """Return a model ready to read.

    Raises:
        ModelError: its file is damaged.
    """
    return _load(model.card.sha256[TFLITE_FILE], model)


@st.cache_resource(show_spinner=False, max_entries=32)
def _load(content: str, _model: StoredModel) -> Recognizer:
    """Load once for a content; the underscore keeps the path out of the key."""
    return Recognizer(_model.tflite, _model.card)
