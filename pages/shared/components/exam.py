"""How many of a person's digits each model reads right, and which ones are the trouble."""

import numpy as np
import streamlit as st

from pages.shared import model_cache
from pages.shared.components import markup, messages
from recognizer.errors import ModelError
from recognizer.evaluation import percent, wilson_interval
from recognizer.models.registry import StoredModel
from recognizer.records import Digits

SHOWN = 12  # misread drawings of a model


def show(models: dict[str, StoredModel], digits: Digits) -> None:
    """Show the result of the exam: each model alone, without the person's handwriting.

    Args:
        models: by name, the first of them looked at more closely.
        digits: the person's, at least one.
    """
    title = "How each model alone reads it" if len(models) > 1 else "How it is read"
    st.header(title, anchor=False)
    rows, misread = [], {}
    for name, model in models.items():
        try:
            read = model_cache.recognizer(model).predict(digits.images).argmax(axis=1)
        except ModelError as error:
            messages.warning(error)
            continue
        right = int((read == digits.labels).sum())
        low, high = wilson_interval(right, len(digits))
        rows.append((name, f"{right} of {len(digits)}", f"{percent(low)} to {percent(high)}"))
        misread[name] = read
    if not rows:
        return
    st.html(markup.table(("Model", "Right", "95 % interval"), rows, numbers=2))
    st.caption(
        "So few drawings say only roughly how well a model reads you: the interval is that of the "
        "share it reads right of all you write."
    )
    first = rows[0][0]
    _show_trouble(first, digits, misread[first])


def _show_trouble(model: str, digits: Digits, read: np.ndarray) -> None:
    """Show the drawings that a model misreads."""
    wrong = np.flatnonzero(read != digits.labels)
    if not len(wrong):
        st.write(f"{markup.plain(model)} reads all of them right.")
        return
    labels = sorted(set(digits.labels[wrong].tolist()))
    st.write(
        f"{markup.plain(model)} has trouble with your {', '.join(map(str, labels))}"
        f"{': the first of them are' if len(wrong) > SHOWN else ':'}"
    )
    shown = wrong[:SHOWN]
    captions = (f"your {digits.labels[row]}\nread as {read[row]}" for row in shown)
    st.html(markup.figures(digits.images[shown], captions))
