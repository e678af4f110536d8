"""The second part of the Train page: pick a network, set how it is trained, start."""

import json
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from pages.shared import actions, keras_process
from pages.shared.components import markup
from pages.shared.components.markup import duration
from recognizer import records
from recognizer.architectures import ARCHITECTURES, Architecture
from recognizer.datasets import library, splits
from recognizer.datasets.splits import split_tables
from recognizer.errors import RecognizerError
from recognizer.jobs import database
from recognizer.models import registry
from recognizer.records import IMAGE_SIZE, LABELS, TrainingConfig
from recognizer.training.config import RANGES
from recognizer.training.keras_tasks import VERSIONS

JOB = "job"  # of the address: which training is shown
PROBLEM = "train-start-problem"
OURS, THEIRS = PRESETS = ("Ours", "The source's own")
FIELDS = {  # of the settings: label and help
    "epochs": ("Epochs", "Passes over all training rows."),
    "batch_size": (
        "Batch size",
        "Images a step. More: quicker epochs, fewer steps to learn in.",
    ),
    "learning_rate": (
        "Learning rate",
        "How far a step goes. With our settings its peak: it rises, then falls to 0.",
    ),
    "patience": (
        "Stop early after",
        "Epochs without a better reading of the validation rows. 0: never.",
    ),
    "seed": ("Seed", "The same seed on the same machine gives the same training."),
}
PLAIN_EPOCHS = (
    "Epochs without it at the end",
    "The last epochs, in which the digits come as they are: what was bent too far is forgotten.",
)
READINGS_SHARE = 1.1  # of the time of the batches: validation readings take some, too
START_SECONDS = 15  # until Keras is there and the first batch is compiled


@dataclass(frozen=True)
class RowCounts:
    """How many rows are trained on, watch, measure; and how many of the latter have a twin."""

    training: int
    validation: int
    held_out: int
    duplicates: int

    def in_words(self) -> str:
        """Say it."""
        words = (
            f"{self.training:,} rows are trained on, {self.validation:,} watch the training, and "
            f"{self.held_out:,} are held out to measure the finished network."
        )
        if self.duplicates:
            words += (
                f" {self.duplicates:,} of those that watch or measure are also among the rows "
                "trained on, pixel by pixel, which flatters the figures."
            )
        return words


def network() -> Architecture:
    """Ask for the network and show what it is made of."""
    st.subheader("2. Pick a network", anchor=False)
    name = st.selectbox(
        "Network",
        list(ARCHITECTURES),
        index=list(ARCHITECTURES).index("compact"),
        format_func=lambda name: f"{name} · {ARCHITECTURES[name].title}",
        key="train-architecture",
        persist_state="session",
    )
    entry = ARCHITECTURES[name]
    st.caption(f"Source: {entry.source}. It published: {entry.published}.")
    with st.expander("Its layers"):
        keras_process.ask(
            "Building the networks to look at their layers, about ten seconds …",
            lambda answer: _show_layers(json.loads(answer), name),
            *("architectures", "--json"),
        )
    return entry


def settings(entry: Architecture) -> TrainingConfig:
    """Ask how to train; every field has a good value already."""
    st.subheader("3. Set how it learns", anchor=False)
    preset = st.segmented_control(
        "Settings",
        PRESETS,
        default=OURS,
        required=True,
        key="train-preset",
        persist_state="session",
        help="What reads best here for its time, or what the network's author did.",
    )
    base = entry.advice if preset == OURS else entry.recipe
    at = f"train-{entry.name}-{preset}-"  # each keeps its own values
    columns, values = st.columns(3), {}
    for i, field in enumerate(FIELDS):
        with columns[i % len(columns)]:
            values[field] = _number(field, getattr(base, field), at + field, *FIELDS[field])
    with columns[-1]:
        augment = st.toggle(
            "Augment",
            base.augment,
            key=at + "augment",
            persist_state="session",
            help="Turn, slant, zoom, shift and thicken each image a little, anew in each epoch.",
        )
        field = "plain_epochs"
        values[field] = (
            _number(field, base.plain_epochs, at + field, *PLAIN_EPOCHS) if augment else 0
        )
    return replace(base, **values, augment=augment)


def _number(field: str, value: float, key: str, label: str, words: str) -> float:
    allowed = RANGES[field]
    kind, step, form = (int, 1, None) if allowed.whole else (float, 0.0005, "%.5f")
    limits = kind(allowed.low), kind(allowed.high)
    return st.number_input(
        *(label, *limits, kind(value), step, form), key=key, persist_state="session", help=words
    )


def explain(config: TrainingConfig, tables: list[library.StoredTable]) -> None:
    """Say what becomes of the rows; offer a preview and an estimate."""
    try:
        division = _division(tuple(table.id for table in tables), config.seed)
    except RecognizerError as error:
        st.error(markup.plain(str(error)), icon=":material/error:")
        return
    st.caption(division.in_words())
    if config.augment and st.toggle("Show what augmentation does", key="train-preview"):
        keras_process.ask(
            "Changing ten of your digits, about ten seconds …",
            _show_preview,
            *("preview", "--seed", str(config.seed)),
            given=_one_of_each(tables[0].id),
        )
    if st.toggle("Estimate the time", key="train-estimate", help="From a few batches, tried here."):
        keras_process.ask(
            f"Trying a few batches of {config.architecture} …",
            lambda answer: _show_estimate(json.loads(answer), config, division.training),
            *("trial", config.architecture, "--batch-size", str(config.batch_size)),
            *(() if config.augment else ("--no-augment",)),
        )


def start(config: TrainingConfig, tables: list[library.StoredTable]) -> None:
    """Ask for the model's name, and start."""
    st.subheader("4. Start", anchor=False)
    taken = {model.name for model in registry.list_models().available}
    taken |= {job.name for job in database.all_jobs()}
    name = st.text_input(
        "Name of the model",
        next(n for i in range(1, 9999) if (n := f"{config.architecture}-{i}") not in taken),
        max_chars=64,
        key=f"train-name-{config.architecture}",
        help="a-z, 0-9, '.', '_' and '-'. It is published under this name.",
    )
    st.button(
        "Start training", icon=":material/play_arrow:", on_click=_start, args=(name, config, tables)
    )
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(markup.plain(problem), icon=":material/error:")


def _start(name: str, config: TrainingConfig, tables: list[library.StoredTable]) -> None:
    try:
        job = actions.start_training(name, config, tuple(table.id for table in tables))
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)
    else:
        st.query_params[JOB] = job.id


def _show_layers(networks: list[dict], name: str) -> None:
    table = next(one for one in networks if one["name"] == name)
    rows = [
        (layer["type"], " × ".join(map(str, layer["output_shape"])), f"{layer['parameters']:,}")
        for layer in table["layers"]
    ]
    rows.append(("Together", "", f"{table['parameters']:,}"))
    st.html(markup.table(("Layer", "Output", "Parameters"), rows, numbers=1))


def _show_preview(answer: bytes) -> None:
    images = np.frombuffer(answer, np.uint8).reshape(-1, VERSIONS, IMAGE_SIZE, IMAGE_SIZE)
    words = f"{VERSIONS} versions of {len(images)} of your digits, a row a digit, as in training."
    st.html(markup.picture(markup.source(markup.joined(images)), words))


def _show_estimate(answer: dict, config: TrainingConfig, rows: int) -> None:
    speed = answer["images_per_second"]
    seconds = START_SECONDS + config.epochs * rows / speed * READINGS_SHARE
    st.info(
        f"About **{duration(seconds)}** on this machine when nothing else runs: {speed:,.0f} "
        f"images a second, {config.epochs} epochs of {rows:,}.",
        icon=":material/schedule:",
    )


@st.cache_data(show_spinner="Dividing the rows …", max_entries=16)
def _division(ids: tuple[str, ...], seed: int) -> RowCounts:
    rows = split_tables(TrainingConfig("", seed=seed), ids)
    others = records.join([rows.validation, rows.held_out])
    duplicates = int(splits.duplicates(rows.training, others).sum())
    return RowCounts(len(rows.training), len(rows.validation), len(rows.held_out), duplicates)


@st.cache_data(show_spinner=False, max_entries=16)
def _one_of_each(table_id: str) -> bytes:
    """Return the pixels of the first of each digit."""
    digits = library.load(table_id)
    first = [rows[0] for label in LABELS if len(rows := np.flatnonzero(digits.labels == label))]
    return digits.images[first].tobytes()
