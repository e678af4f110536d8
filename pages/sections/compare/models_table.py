"""The table of all models, to sort by any column, with the speed of each on this machine."""

from datetime import datetime
from statistics import mean, stdev

import pandas as pd
import streamlit as st

from pages.shared import error_boundary, model_cache
from pages.shared.components import markup, messages
from recognizer.errors import ModelError
from recognizer.inference.speed import Pace, measure
from recognizer.models.card import ModelCard, seed_groups
from recognizer.models.registry import StoredModel

_FRESH = 60  # seconds in which a measurement is called one of just now


def show(models: tuple[StoredModel, ...]) -> None:
    """Show the models; a measurement reruns this part, not the page."""
    error_boundary.fragment(_part)(models)


def _part(models: tuple[StoredModel, ...]) -> None:
    table = st.empty()
    _draw(table, models)
    with st.container(horizontal=True, vertical_alignment="center"):
        known = [pace for model in models if (pace := _paces().get(_content(model)))]
        words = "Of every model on this machine; about a second each."
        if st.button("Measure the speed", icon=":material/speed:", help=words):
            known = _measure(models)
            _draw(table, models)
        if known:
            st.caption(_when(known))
    for family in seed_groups(model.card for model in models):
        st.caption(markup.plain(_spread(family)))


def _draw(place, models: tuple[StoredModel, ...]) -> None:
    rows = [_row(model) for model in models]
    place.dataframe(
        pd.DataFrame(rows),
        column_order=[name for name in rows[0] if any(row[name] is not None for row in rows)],
        hide_index=True,
        column_config=_COLUMNS,
        placeholder="",  # else it says None
        alt="All models, the default one first. A click on a column's name sorts by it.",
    )


def _row(model: StoredModel) -> dict:
    card, pace = model.card, _paces().get(_content(model))
    low, high = card.interval
    return {
        "Model": model.name,
        "Default": "default" if model.default else "",
        "Held-out accuracy": 100 * card.accuracy,
        "95 % interval": f"{100 * low:.2f} to {100 * high:.2f}",
        "n": card.n,
        "Drawn digits": 100 * card.drawn.accuracy if card.drawn else None,
        "One drawing": pace and pace.milliseconds,
        "Images a second": pace and float(f"{pace.images_per_second:.2g}"),  # more is noise
        "Architecture": card.architecture,
        "Parameters": card.parameters,
        "File": model.size / 1e6,
        "Trained on": card.data.name,
        "Rows": card.data.trained_rows,
        "Data": card.data.sha256[:8],
        "Age": _time(card.created),
    }


_COLUMNS = {
    "Model": st.column_config.TextColumn(pinned=True),
    "Default": st.column_config.TextColumn(help="Reads where no model is chosen."),
    "Held-out accuracy": st.column_config.NumberColumn(
        format="%.2f %%", help="On rows not used in training or model selection."
    ),
    "n": st.column_config.NumberColumn(format="localized", help="Held-out rows."),
    "Drawn digits": st.column_config.NumberColumn(
        format="%.2f %%", help="Accuracy on digits drawn with a pen; empty where not measured."
    ),
    "One drawing": st.column_config.NumberColumn(
        format="%.2f ms", help="From the canvas to the digit, median, on this machine."
    ),
    "Images a second": st.column_config.NumberColumn(
        format="localized", help="In batches, on this machine."
    ),
    "Parameters": st.column_config.NumberColumn(format="localized"),
    "File": st.column_config.NumberColumn(format="%.2f MB", help="model.tflite, which reads."),
    "Rows": st.column_config.NumberColumn(format="localized", help="Rows it was trained on."),
    "Data": st.column_config.TextColumn(help="The start of the SHA-256 of all labels and pixels."),
    "Age": st.column_config.DatetimeColumn(format="distance"),
}


def _spread(family: list[ModelCard]) -> str:
    """Say mean and spread of models that differ in nothing but the seed."""
    shares = [100 * card.accuracy for card in family]
    seeds = ", ".join(str(seed) for seed in sorted({card.config.seed for card in family}))
    return (
        f"{family[0].architecture} with the seeds {seeds}, else alike: {mean(shares):.2f} % of "
        f"their held-out rows on average, spread ±{stdev(shares):.2f} (standard deviation), from "
        f"{min(shares):.2f} to {max(shares):.2f} %. A smaller difference may be the seed's."
    )


def _measure(models: tuple[StoredModel, ...]) -> list[Pace]:
    """Measure each model; a click elsewhere ends it, and those that are done are kept."""
    for model in models:
        with st.spinner(f"Measuring {model.name} …"):
            try:
                _paces()[_content(model)] = measure(model_cache.recognizer(model))
            except ModelError as error:
                messages.warning(error)
    return [pace for model in models if (pace := _paces().get(_content(model)))]


@st.cache_resource(show_spinner=False)
def _paces() -> dict[str, Pace]:
    """Return what was measured since the start of the server, by the hash of the weights."""
    return {}


def _content(model: StoredModel) -> str:
    return model.sha256


def _when(paces: list[Pace]) -> str:
    oldest, now = min(pace.measured for pace in paces), datetime.now().astimezone()
    if (now - oldest).total_seconds() < _FRESH:
        when = "now"
    else:
        day = "" if oldest.date() == now.date() else f"on {oldest:%Y-%m-%d} "
        when = f"{day}at {oldest:%H:%M}"
    return f"Speed on this machine, measured {when}; whatever else runs here slows it down."


def _time(text: str) -> datetime | None:
    """Return when a card says that it was made, if it says it in ISO 8601."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
