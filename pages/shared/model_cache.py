"""Loaded networks, shared by all sessions and kept until the file changes."""

from pathlib import Path

import streamlit as st

from recognizer.explain.activations import OpenNetwork
from recognizer.inference import Recognizer, trial
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel


def recognizer(model: StoredModel) -> Recognizer:
    """Return a model ready to read.

    Raises:
        ModelError: its file is damaged.
    """
    trial.check(model)
    return reader(model.sha256, model.tflite, model.card)


@st.cache_resource(show_spinner=False, max_entries=32)
def reader(content: str, _tflite: Path, _card: ModelCard) -> Recognizer:
    """Return what reads with a file; the underscores keep paths and cards out of the key.

    Args:
        content: the file's SHA-256.
        _tflite: the file.
        _card: of its model.

    Raises:
        ModelError: it is damaged.
    """
    return Recognizer(_tflite, _card)


@st.cache_resource(show_spinner=False, max_entries=2)  # it holds every weight twice
def opened(content: str, _tflite: Path) -> OpenNetwork:
    """Return a network laid open; arguments as `reader`.

    Raises:
        ModelError: it is damaged.
    """
    return OpenNetwork(_tflite)
