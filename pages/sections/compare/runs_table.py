"""The trainings behind the models as a table: settings, duration, best epoch, notes.

What differs from one of them is highlighted. Which columns are hidden stays in the address.
"""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.shared.components import markup
from recognizer.models import maintenance
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel

HIDE, AGAINST = "hide", "against"  # in the address, and keys of the widgets
_WASH = {False: "background-color: #fde9c8", True: "background-color: #5a4414"}  # by dark theme

# What was set for a training. These are compared; the others are what came of it.
SETTINGS: dict[str, Callable[[ModelCard], object]] = {
    "Architecture": lambda card: card.architecture,
    "From model": lambda card: card.config.start or "–",
    "Teachers": lambda card: ", ".join(card.config.teachers) or "–",
    "Epochs": lambda card: card.config.epochs,
    "Batch": lambda card: card.config.batch_size,
    "Learning rate": lambda card: card.config.learning_rate,
    "Schedule": lambda card: card.config.schedule,
    "Weight decay": lambda card: card.config.weight_decay,
    "Patience": lambda card: card.config.patience,
    "Seed": lambda card: card.config.seed,
    "Augmentation": lambda card: _augmentation(card),
    "Averaging": lambda card: card.config.averaging,
    "Data": lambda card: card.data.sha256[:8],
    "Rows": lambda card: card.data.trained_rows,
}
OUTCOMES: dict[str, Callable[[ModelCard], object]] = {
    "Held-out accuracy": lambda card: 100 * card.accuracy,
    "Epochs done": lambda card: len(card.history),
    "Best epoch": lambda card: best_epoch(card),
    "Minutes": lambda card: sum(log.seconds for log in card.history) / 60,
}
NOTE = "Note"
COLUMNS = (*OUTCOMES, *SETTINGS, NOTE)
_CONFIG = {
    "Model": st.column_config.TextColumn(pinned=True),
    "Held-out accuracy": st.column_config.NumberColumn(
        format="%.2f %%", help="On rows not used in training or model selection."
    ),
    "Best epoch": st.column_config.NumberColumn(
        help="The one with the highest validation accuracy; empty where none was measured."
    ),
    "Minutes": st.column_config.NumberColumn(
        format="%.1f", help="Of all epochs, on the machine that trained it."
    ),
    "Learning rate": st.column_config.NumberColumn(format="%g", help="The largest."),
    "Weight decay": st.column_config.NumberColumn(format="%g"),
    "Averaging": st.column_config.NumberColumn(
        format="%g", help="Decay of the moving average of the weights; 0: none."
    ),
    "Data": st.column_config.TextColumn(help="The start of the SHA-256 of all labels and pixels."),
    "Rows": st.column_config.NumberColumn(format="localized", help="Rows it was trained on."),
}


def show(models: tuple[StoredModel, ...]) -> None:
    """Show the settings of all models, as many of the columns as are wanted."""
    names = [model.name for model in models]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        against = _against(names)
        hidden = _hidden()
    table = frame(models)
    differs = differing(table, against)
    table = table.drop(columns=hidden)
    # A settings cell in the colour is another value than the chosen model's.
    styled = table.style.apply(lambda column: _washed(differs, column), axis=0)
    st.dataframe(
        styled,
        hide_index=True,
        column_config=_CONFIG,
        placeholder="",
        alt="The training of each model. A click on a column's name sorts by it.",
    )
    count = int(differs.loc[table["Model"] != against].any(axis=1).sum())
    st.caption(
        f"Highlighted: settings other than those of {markup.plain(against)}; "
        f"{count:,} of {len(names) - 1:,} other models have some."
    )


def frame(models: tuple[StoredModel, ...]) -> pd.DataFrame:
    """Return a row for each model, in this order, with all columns."""
    every = {**OUTCOMES, **SETTINGS}
    rows = [
        {
            "Model": model.name,
            **{name: value(model.card) for name, value in every.items()},
            NOTE: maintenance.read_note(model),
        }
        for model in models
    ]
    return pd.DataFrame(rows, columns=["Model", *COLUMNS]).astype({"Best epoch": "Int64"})


def differing(table: pd.DataFrame, against: str) -> pd.DataFrame:
    """Return which settings of each row are other than those of one model: bool, as `SETTINGS`."""
    settings = table[list(SETTINGS)]
    return settings.ne(settings[table["Model"] == against].iloc[0], axis=1)


def best_epoch(card: ModelCard) -> int | None:
    """Return the first epoch with the highest validation accuracy; None where none was measured."""
    measured = [log for log in card.history if log.validation_accuracy is not None]
    best = max(measured, key=lambda log: log.validation_accuracy, default=None)
    return None if best is None else best.epoch


def _augmentation(card: ModelCard) -> str:
    if not card.config.augment:
        return "no"
    plain = card.config.plain_epochs
    return f"not in the last {plain} epochs" if plain else "yes"


def _washed(differs: pd.DataFrame, column: pd.Series) -> list[str]:
    """Return the style of each cell of a column."""
    if column.name not in differs:
        return [""] * len(column)
    return [_WASH[markup.is_dark()] if one else "" for one in differs[column.name]]


def _against(names: list[str]) -> str:
    """Ask for the model that the others are held against: at first the first one."""
    before = st.session_state.get(AGAINST) or st.query_params.get(AGAINST)
    st.session_state[AGAINST] = before if before in names else names[0]
    chosen = st.selectbox(
        "Highlight what differs from", names, key=AGAINST, persist_state="session", width=260
    )
    st.query_params[AGAINST] = chosen
    return chosen


def _hidden() -> list[str]:
    """Ask for the columns to hide."""
    before = st.session_state.get(HIDE, st.query_params.get_all(HIDE))
    st.session_state[HIDE] = [name for name in dict.fromkeys(before) if name in COLUMNS]
    hidden = st.multiselect(
        "Hidden columns", COLUMNS, key=HIDE, persist_state="session", placeholder="None"
    )
    st.query_params[HIDE] = hidden
    return hidden
