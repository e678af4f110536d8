"""The second part of the Train page: pick a network, set how it is trained, start."""

import json
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.sections.train import data, fields, learning, several, times
from pages.shared import actions, keras_process
from pages.shared.components import markup, messages
from pages.shared.components.markup import duration
from recognizer import records
from recognizer.architectures import ARCHITECTURES, Architecture
from recognizer.datasets import library, splits
from recognizer.datasets.splits import split_tables
from recognizer.errors import RecognizerError
from recognizer.jobs import database
from recognizer.jobs.fine_tuning import continuing
from recognizer.models import registry
from recognizer.records import IMAGE_SIZE, LABELS, TrainingConfig
from recognizer.training.keras_tasks import VERSIONS

JOB = "job"  # of the address: which training is shown
PROBLEM = "train-start-problem"
FRESH = "No model: train from fresh weights"
NAME = "train-name"
_SUGGESTED = "train-suggested-name"


@dataclass(frozen=True)
class RowCounts:
    """How many rows train, validate and test; and how many of the latter two are duplicates."""

    training: int
    validation: int
    held_out: int
    duplicates: int

    def in_words(self) -> str:
        """Say it."""
        words = (
            f"{self.training:,} rows for training, {self.validation:,} for validation and "
            f"{self.held_out:,} held out to test the finished network."
        )
        if self.duplicates:
            words += (
                f" {self.duplicates:,} of the validation and test rows are also among the training "
                "rows, pixel by pixel: the figures will look better than they are."
            )
        return words


def network() -> Architecture:
    """Ask for the network and show what it is made of."""
    st.header("2. Choose a network", anchor=False)
    start = _start_from()
    name = st.selectbox(
        "Network",
        list(ARCHITECTURES),
        index=list(ARCHITECTURES).index("compact"),
        format_func=lambda name: f"{name} · {ARCHITECTURES[name].title}",
        key=fields.ARCHITECTURE,
        persist_state="session",
        disabled=start,
    )
    entry = ARCHITECTURES[name]
    st.caption(_source(entry))
    with st.expander("Its layers"):
        keras_process.ask(
            "Building the networks to look at their layers, about ten seconds …",
            lambda answer: _show_layers(json.loads(answer), name),
            "architectures",
            "--json",
        )
    return entry


def _start_from() -> bool:
    """Ask which model to continue from; return whether there is one, which settles the network."""
    models = {
        model.name: model
        for model in registry.list_models().available
        if model.card.architecture in ARCHITECTURES
    }
    if st.session_state.get(fields.START) not in models:
        st.session_state[fields.START] = None
    chosen = st.selectbox(
        "Continue from",
        [None, *models],
        format_func=lambda name: name or FRESH,
        key=fields.START,
        placeholder=FRESH,
        persist_state="session",
        help="Begins with this model's weights and replays digits that it knows, so that a few "
        "drawings of yours can be learned without forgetting the rest. The model itself stays as "
        "it is.",
    )
    if chosen:
        st.session_state[fields.ARCHITECTURE] = models[chosen].card.architecture
    return bool(chosen)


def _source(entry: Architecture) -> str:
    """Say where a network comes from, and its author's result where there is one."""
    published = "" if entry.published.startswith("nothing") else entry.published
    source = "Designed for this app." if entry.source == "ours" else f"Source: {entry.source}."
    return source + (f" Published result: {published}." if published else "")


def settings(entry: Architecture) -> TrainingConfig:
    """Ask how to train."""
    st.header("3. Set the training", anchor=False)
    return fields.ask(entry)


def explain(config: TrainingConfig, tables: list[library.StoredTable]) -> None:
    """Say what becomes of the rows; offer a preview and an estimate."""
    if fields.problems(config):
        return  # the fields say which settings are out of range
    if config.start:
        st.caption(_continued(config.start, tables))
        return
    try:
        division = _division(tuple(table.id for table in tables), config.seed_of_split)
    except RecognizerError as error:
        messages.error(error)
        return
    st.caption(division.in_words())
    with st.container():
        if config.augment and st.toggle("Show what augmentation does", key="train-preview"):
            keras_process.ask(
                "Augmenting ten of your digits, about ten seconds …",
                _show_preview,
                "preview",
                "--seed",
                str(config.seed),
                stdin=_one_of_each(tables[0].id),
            )
    words = "From a few batches, tried here."
    with st.container():
        if st.toggle("Estimate the time", key="train-estimate", help=words):
            _estimate(config, division.training)


def _continued(start: str, tables: list[library.StoredTable]) -> str:
    """Say what becomes of the rows in a training that continues from a model."""
    words = (
        f"Of the digits, those that {start} has learned from are replayed. Both models are then "
        "measured on digits that neither has learned from."
    )
    if any(table.extra for table in tables):
        words += (
            f" Corrected drawings are repeated, to be up to {continuing.DRAWN:.0%} of an epoch; "
            f"{continuing.ASIDE:.0%} of each digit's are set aside and measured, before and after."
        )
        if all(table.extra for table in tables):
            words += " Digits to replay are taken from those brought here before."
    return words


def _estimate(config: TrainingConfig, rows: int) -> None:
    plain = () if config.augment else ("--no-augment",)
    size = str(config.batch_size)
    question = ("trial", config.architecture, "--batch-size", size, *plain)

    def show(answer: bytes) -> None:
        _show_estimate(json.loads(answer), config, rows)
        st.button(
            "Measure again", key="train-measure-again", on_click=lambda: _measure_again(question)
        )

    keras_process.ask(f"Trying a few batches of {config.architecture} …", show, *question)


def _measure_again(question: tuple[str, ...]) -> None:
    keras_process.forget(*question)


def start(config: TrainingConfig, tables: list[library.StoredTable]) -> None:
    """Ask for the model's name, and whether to train several; and start."""
    st.header("4. Start", anchor=False)
    _suggest_name(config.architecture)
    st.text_input(
        "Name of the model",
        max_chars=64,
        key=NAME,
        persist_state="session",
        help="a-z, 0-9, '.', '_' and '-'. It is published under this name.",
    )
    with st.container():
        ids = [table.id for table in tables]
        label = several.ask(st.session_state[NAME], config, ids)
    st.button(label, key="start-training", icon=":material/play_arrow:", on_click=_start)
    if problem := st.session_state.pop(PROBLEM, None):
        messages.error(problem)


def _suggest_name(architecture: str) -> None:
    """Name the model after its network, unless a name was entered."""
    taken = {model.name for model in registry.list_models().available}
    taken |= {job.name for job in database.all_jobs()}
    free = next(n for i in range(1, 9999) if (n := f"{architecture}-{i}") not in taken)
    if st.session_state.get(NAME) in (None, st.session_state.get(_SUGGESTED)):
        st.session_state[NAME] = free
    st.session_state[_SUGGESTED] = free


def _start() -> None:
    try:
        name, tables = st.session_state[NAME], tuple(st.session_state[data.TABLES])
        config = learning.submitted(fields.submitted(), tables)
        if runs := several.submitted(name, config, tables):
            found = actions.start_experiment(name, runs, tables, several.rule())
            st.query_params[several.EXPERIMENT] = found.id
        else:
            st.query_params[JOB] = actions.start_training(name, config, tables).id
    except RecognizerError as error:
        st.session_state[PROBLEM] = str(error)


def _show_layers(networks: list[dict], name: str) -> None:
    table = next(one for one in networks if one["name"] == name)
    rows = [
        (layer["type"], " × ".join(map(str, layer["output_shape"])), f"{layer['parameters']:,}")
        for layer in table["layers"]
    ]
    rows.append(("Total", "", f"{table['parameters']:,}"))
    st.html(markup.table(("Layer", "Output", "Parameters"), rows, numbers=1))


def _show_preview(answer: bytes) -> None:
    images = np.frombuffer(answer, np.uint8).reshape(-1, VERSIONS, IMAGE_SIZE, IMAGE_SIZE)
    words = f"{VERSIONS} versions of {len(images)} of your digits, a row a digit, as in training."
    st.html(markup.picture(markup.source(markup.joined(images)), words))


def _show_estimate(answer: dict, config: TrainingConfig, rows: int) -> None:
    speed = answer["images_per_second"]
    seconds = times.START_SECONDS + times.END_SECONDS
    seconds += config.epochs * rows / speed * times.READINGS_SHARE
    times.keep_estimate(config, seconds)
    messages.info(
        f"About **{duration(seconds)}** at the speed just measured: {speed:,.0f} images a second, "
        f"{config.epochs} epochs of {rows:,} rows. Whatever else runs on this machine slows it "
        "down.",
        icon="schedule",
        markdown=True,
    )


@st.cache_data(show_spinner="Splitting the rows …", max_entries=16)
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
