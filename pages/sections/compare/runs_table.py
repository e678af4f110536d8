"""The trainings behind the models as a table: settings, duration, best epoch, notes.

Highlighted is what differs among the ticked ones or, while fewer than two are ticked, from one of
them. Columns that are hidden, the search and the ticked models stay in the address.
"""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.shared import model_list
from pages.shared.components import markup
from recognizer.jobs import experiments
from recognizer.models import maintenance
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel

HIDE, AGAINST, SEARCH = "hide", "against", "search"  # in the address, and keys of the widgets
TICKED = "ticked"  # in the address
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
    "Split": lambda card: _split(card),
    "Augmentation": lambda card: _augmentation(card),
    "Averaging": lambda card: card.config.averaging,
    "Label audit": lambda card: card.config.decisions or "–",
    "Data": lambda card: card.data.sha256[:8],
    "Rows": lambda card: card.data.trained_rows,
}
OUTCOMES: dict[str, Callable[[ModelCard], object]] = {
    "Held-out accuracy": lambda card: 100 * card.accuracy,
    "Epochs done": lambda card: len(card.history) or None,
    "Best epoch": lambda card: best_epoch(card),
    "Minutes": lambda card: sum(log.seconds for log in card.history) / 60 or None,
}
EXPERIMENT, NOTE = "Experiment", "Note"
COLUMNS = (*OUTCOMES, *SETTINGS, EXPERIMENT, NOTE)
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
    "Split": st.column_config.TextColumn(
        help="The seed of which rows are held out. Models of one split can be compared row by row."
    ),
    "Label audit": st.column_config.TextColumn(
        help="The decisions about labels that it was trained with, by their id."
    ),
    "Data": st.column_config.TextColumn(help="The start of the SHA-256 of all labels and pixels."),
    "Rows": st.column_config.NumberColumn(format="localized", help="Rows it was trained on."),
}


def show(models: tuple[StoredModel, ...]) -> None:
    """Show the settings of all models, as many of the rows and columns as are wanted."""
    names = [model.name for model in models]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = _searched()
        against = _against(names)
        hidden = _hidden()
    every = frame(models)
    table = every[matching(every, search)].reset_index(drop=True)
    if table.empty:
        st.info(f"No training has {search!r} in any column: search for less.")
        return
    shown = list(table["Model"])
    before = [name for name in st.query_params.get_all(TICKED) if name in shown]
    key = f"runs-{abs(hash((search, tuple(shown), tuple(hidden))))}"
    ticked = _ticked(key, shown, before)
    differs = differing(every, against)[matching(every, search)].reset_index(drop=True)
    if len(ticked) > 1:
        differs = differing_among(table, ticked)
    # A settings cell in the colour is another value than the chosen model's.
    styled = table.drop(columns=hidden).style.apply(lambda one: _washed(differs, one), axis=0)
    st.dataframe(
        styled,
        hide_index=True,
        column_config=_CONFIG,
        placeholder="",
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [shown.index(name) for name in before]}},
        alt="The training of each model. A click on a column's name sorts by it; tick some to "
        "compare.",
    )
    st.query_params[TICKED] = ticked
    _below(table, ticked, against, differs)


def _below(table: pd.DataFrame, ticked: list[str], against: str, differs: pd.DataFrame) -> None:
    """Say what is highlighted, and offer to compare what is ticked."""
    if len(ticked) > 1:
        names = [name for name in SETTINGS if differs[name].any()]
        words = ", ".join(names) if names else "none of the settings"
        st.caption(f"Highlighted: what differs among the {len(ticked)} ticked ones: {words}.")
        st.button(
            f"Compare the {len(ticked)} ticked",
            icon=":material/compare_arrows:",
            on_click=_compare,
            args=(ticked,),
            disabled=len(ticked) > model_list.MOST,
            help=f"At most {model_list.MOST} at once",
        )
        return
    others = table["Model"] != against
    count = int(differs.loc[others].any(axis=1).sum())
    st.caption(
        f"Highlighted: settings other than those of {markup.plain(against)}; {count:,} of "
        f"{int(others.sum()):,} other models have some. Tick two or more to see what differs among "
        "them, and to compare them."
    )


def _compare(names: list[str]) -> None:
    model_list.pick_several(names)
    st.query_params.pop(model_list.WAY, None)


def matching(table: pd.DataFrame, search: str) -> pd.Series:
    """Return which rows have every word of a search in some column: (n,) bool."""
    filled = table.astype(object).where(table.notna(), "")  # astype(str) leaves what is missing
    text = filled.astype(str).agg(" ".join, axis=1).str.lower()
    found = pd.Series(data=True, index=table.index)
    for word in search.lower().split():
        found &= text.str.contains(word, regex=False)
    return found


def differing_among(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return which settings of some models are not the same in all of them: bool, as `SETTINGS`."""
    settings, is_one = table[list(SETTINGS)], table["Model"].isin(names)
    several = settings[is_one].nunique() > 1
    return pd.DataFrame({name: is_one & several[name] for name in SETTINGS}, index=table.index)


def frame(models: tuple[StoredModel, ...]) -> pd.DataFrame:
    """Return a row for each model, in this order, with all columns."""
    every = {**OUTCOMES, **SETTINGS}
    names = _experiments()
    rows = [
        {
            "Model": model.name,
            **{name: value(model.card) for name, value in every.items()},
            EXPERIMENT: names.get(model.name, ""),
            NOTE: maintenance.read_note(model),
        }
        for model in models
    ]
    return pd.DataFrame(rows, columns=["Model", *COLUMNS]).astype(
        {"Epochs done": "Int64", "Best epoch": "Int64"}
    )


def differing(table: pd.DataFrame, against: str) -> pd.DataFrame:
    """Return which settings of each row are other than those of one model: bool, as `SETTINGS`."""
    settings = table[list(SETTINGS)]
    return settings.ne(settings[table["Model"] == against].iloc[0], axis=1)


def best_epoch(card: ModelCard) -> int | None:
    """Return the first epoch with the highest validation accuracy; None where none was measured."""
    measured = [log for log in card.history if log.validation_accuracy is not None]
    best = max(measured, key=lambda log: log.validation_accuracy, default=None)
    return None if best is None else best.epoch


def _experiments() -> dict[str, str]:
    """Return the name of the experiment that a model came from, by the model's name."""
    return {
        job.published: one.name
        for one in experiments.all_experiments()
        for job in one.runs
        if job.published
    }


def _split(card: ModelCard) -> str:
    seed, fold = card.config.split_seed, card.config.fold
    return ("as seed" if seed is None else str(seed)) + (f", fold {fold}" if fold > 1 else "")


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


def _searched() -> str:
    """Ask for words that a row must have."""
    st.session_state.setdefault(SEARCH, st.query_params.get(SEARCH, ""))
    search = st.text_input(
        "Search", key=SEARCH, persist_state="session", placeholder="compact 0.001", width=200
    ).strip()
    if search:
        st.query_params[SEARCH] = search
    else:
        st.query_params.pop(SEARCH, None)
    return search


def _ticked(key: str, shown: list[str], before: list[str]) -> list[str]:
    """Return the models whose rows are ticked; at first those of the address."""
    if key not in st.session_state:
        return before
    rows = st.session_state[key].selection.rows
    return [shown[row] for row in rows if row < len(shown)]


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
