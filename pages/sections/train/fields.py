"""The fields of a training's settings: one set of widgets, whose values follow the network.

The widgets keep their keys and places when another network is chosen; only their values change.
Fields take any number, so that a wrong one reaches the server and is refused there: a browser that
enforces a range keeps what was typed to itself, and the last valid value would be trained with.
"""

from dataclasses import replace

import streamlit as st

from recognizer.architectures import ARCHITECTURES, Architecture
from recognizer.errors import SettingError
from recognizer.jobs.fine_tuning import continuing
from recognizer.models import registry
from recognizer.records import TrainingConfig
from recognizer.training.config import RANGES

ARCHITECTURE, PRESET = "train-architecture", "train-preset"  # keys of the two choices above
START = "train-start"  # likewise: the model to continue from, None for fresh weights
RECOMMENDED, PUBLISHED = PRESETS = ("Recommended", "As published")
FIELDS = {  # of the settings: label and help
    "epochs": ("Epochs", "Passes over all training rows."),
    "batch_size": (
        "Batch size",
        "Images per step. More: faster epochs, fewer steps to learn in.",
    ),
    "learning_rate": (
        "Learning rate",
        "Step size. With the recommended settings it rises to this value, then falls to 0.",
    ),
    "patience": (
        "Early-stopping patience (epochs)",
        "Stop after this many epochs without a better validation result. 0: never.",
    ),
    "seed": ("Seed", "The same seed on the same machine gives the same training."),
    "plain_epochs": (
        "Final epochs without augmentation",
        "The last epochs train on unaltered digits, to finish on what the network will read.",
    ),
}
AUGMENT, PLAIN = "augment", "plain_epochs"
_KEY = "train-field-"  # starts the key of a field
_SHOWN, _KEPT = "train-shown", "train-kept"  # (network, preset, start) of the values; others'


def ask(entry: Architecture) -> TrainingConfig:
    """Ask how to train; every field has a good value already.

    Returns:
        The settings as they are entered, which may be out of range: `problems` says so.
    """
    preset = st.segmented_control(
        "Settings",
        PRESETS,
        default=RECOMMENDED,
        required=True,
        key=PRESET,
        persist_state="session",
        disabled=bool(st.session_state.get(START)),
        help="Recommended: the best accuracy for the time. As published: the author's settings.",
    )
    _follow(entry, preset)
    columns = st.columns(3)
    for i, field in enumerate(FIELDS):
        with columns[i % len(columns)]:
            if field == PLAIN:
                st.toggle(
                    "Augment",
                    key=_KEY + AUGMENT,
                    persist_state="session",
                    help="Rotate, shear, scale, shift and thicken each image a little, anew in "
                    "each epoch.",
                )
            _number(field)
    return _entered(entry, preset)


def problems(config: TrainingConfig) -> list[str]:
    """Return a sentence for each setting that is out of its range."""
    return [
        f"{FIELDS[field][0]}: {getattr(config, field):,g} is out of range; expected a "
        f"{RANGES[field]}."
        for field in FIELDS
        if not RANGES[field].holds(getattr(config, field))
    ]


def submitted() -> TrainingConfig:
    """Return the settings at the moment of a click; only in a callback.

    A value that is typed last and the click arrive together: the page has not run in between.

    Raises:
        SettingError: they are out of range, or are those of another network.
    """
    entry, preset = ARCHITECTURES[st.session_state[ARCHITECTURE]], st.session_state[PRESET]
    if (entry.name, preset, st.session_state.get(START)) != st.session_state.get(_SHOWN):
        raise SettingError(
            "The network has just been changed: look at its settings, then start the training."
        )
    config = _entered(entry, preset)
    if found := problems(config):
        raise SettingError(" ".join(found))
    return config


def _base(entry: Architecture, preset: str) -> TrainingConfig:
    if start := st.session_state.get(START):
        return continuing.settings(registry.find_model(start))
    return entry.advice if preset == RECOMMENDED else entry.recipe


def _entered(entry: Architecture, preset: str) -> TrainingConfig:
    values = {field: st.session_state[_KEY + field] for field in FIELDS}
    augment = st.session_state[_KEY + AUGMENT]
    values[PLAIN] = values[PLAIN] if augment else 0
    return replace(_base(entry, preset), **values, augment=augment)


def _follow(entry: Architecture, preset: str) -> None:
    """Set the fields to what was entered for this network and preset, or else to its own values."""
    now = (entry.name, preset, st.session_state.get(START))
    before = st.session_state.get(_SHOWN)
    names = (*FIELDS, AUGMENT)
    kept = st.session_state.setdefault(_KEPT, {})
    if before is not None and before != now:
        kept[before] = {name: st.session_state.get(_KEY + name) for name in names}
    base = _base(entry, preset)
    for name in names:
        if before != now or _KEY + name not in st.session_state:
            value = kept.get(now, {}).get(name)
            value = getattr(base, name) if value is None else value
            is_real = name in RANGES and not RANGES[name].whole
            st.session_state[_KEY + name] = float(value) if is_real else value
    st.session_state[_SHOWN] = now


def _plain(value: float) -> str:
    """Return a number without a power of ten."""
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def _number(field: str) -> None:
    """Show a field, and below it its range."""
    label, words = FIELDS[field]
    allowed = RANGES[field]
    unused = field == PLAIN and not st.session_state[_KEY + AUGMENT]
    value = st.number_input(
        label,
        step=1 if allowed.whole else 0.0005,
        format=None if allowed.whole else "%.5f",
        key=_KEY + field,
        persist_state="session",
        help=words,
        disabled=unused,
    )
    ends = f"{_plain(allowed.low)} to {_plain(allowed.high)}"
    st.caption(ends if unused or allowed.holds(value) else f":red[Out of range: {ends}]")
