"""The confusion matrix after each epoch of a finished training, on its validation rows."""

from pathlib import Path

import numpy as np
import streamlit as st

from pages.shared.components import confusion_matrix, messages
from recognizer import jobs
from recognizer.errors import RecognizerError
from recognizer.evaluation import measured_percent
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel
from recognizer.records import Digits


def show(job: jobs.Job, model: StoredModel) -> None:
    """Let the epochs be gone through, where their networks are kept.

    On the validation rows, which the training looked at itself: what the model is reported on
    stays with the finished network.
    """
    kept = dict(jobs.epochs(job.id))
    if len(kept) < 2 or not st.toggle("Go through the epochs", key=f"train-epochs-{job.id}"):
        return
    try:
        rows = jobs.validation_rows(job.id)
        epochs = list(kept)
        epoch = st.select_slider("After epoch", epochs, epochs[-1], key=f"train-epoch-{job.id}")
        place = epochs.index(epoch)
        shown = [
            _read(kept[one], rows, model.card) for one in epochs[max(0, place - 1) : place + 1]
        ]
    except RecognizerError as error:
        messages.error(error)
        return
    right = float((shown[-1].argmax(axis=1) == rows.labels).mean())
    st.caption(
        f"After epoch {epoch}: {measured_percent(right)} of {len(rows):,} validation digits are "
        "read correctly. “Change” compares with the epoch before."
    )
    before = shown[0] if len(shown) > 1 else None
    confusion_matrix.show(rows, shown[-1], before, key="matrix-epochs")


def _read(path: Path, rows: Digits, card: ModelCard) -> np.ndarray:
    # By content: a training that is begun anew writes the same names again.
    return _predicted(registry.sha256(path), path, rows, card)


@st.cache_resource(show_spinner="Reading with the network of that epoch …", max_entries=64)
def _predicted(content: str, _path: Path, _rows: Digits, _card: ModelCard) -> np.ndarray:
    """Return what a network reads in the validation rows, (n, 10); not to be changed."""
    probabilities = Recognizer(_path, _card).predict(_rows.images)
    probabilities.setflags(write=False)
    return probabilities
