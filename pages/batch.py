"""Read a table of digits: Kaggle's test.csv in, submission.csv out."""

import streamlit as st

from pages.shared import (
    batch_bring,
    batch_compare,
    batch_drawings,
    batch_show,
    batch_state,
    catalogue,
    charts,
    faults,
    frame,
    sheets,
    state,
)
from pages.shared.training_settings import duration
from recognizer.store import StoredModel

LOOK_SECONDS = 0.5


def main() -> None:
    """Lay out the page: digits in, and below what was read in them."""
    if frame.guard("batch"):
        batch_drawings.leave()
    st.html(charts.style() + sheets.STYLE)
    st.title("Read a table: test.csv in, submission.csv out", anchor=False)
    models = catalogue.whole()
    if not models:
        return
    batch = batch_state.current()
    batch.take()
    model = choose_model(models, disabled=batch.run is not None)
    if batch.run:
        faults.fragment(watch, run_every=LOOK_SECONDS)(batch)
    else:
        batch_bring.bring(batch, model)
        tell(batch)
    if batch.table is None:
        return
    result = batch.result(model)
    if result:
        batch_show.show(result)
        batch_compare.show(batch, result, models)
    elif not batch.run:
        offer(batch, model)


def choose_model(models: dict[str, StoredModel], *, disabled: bool) -> StoredModel:
    """Return the model that reads: the default one, whichever that is now, unless one is chosen."""
    state.follow(state.BATCH_MODEL, list(models))
    name = st.selectbox(
        "Model",
        list(models),
        format_func=lambda name: catalogue.titled(models[name]),
        disabled=disabled,
        width=420,
        **state.keeps(state.BATCH_MODEL),
    )
    return models[name]


def watch(batch: batch_state.Batch) -> None:
    """Show how far the reading is, until it has ended."""
    run = batch.run
    if run is None or run.is_ended():
        st.rerun()  # the whole page: its next run looks no more
    st.markdown(f"**Reading {sheets.plain(run.name)} with {run.model.name}**")
    now = run.progress()
    words = "The first rows are on their way …"
    if now.rows:
        left = duration(now.seconds_left)
        words = f"{now.rows:,} rows, {now.speed:,.0f} a second, about {left} left"
    st.progress(now.share, words)
    st.button("Cancel", icon=":material/close:", on_click=batch.cancel)


def tell(batch: batch_state.Batch) -> None:
    """Say how the last reading ended, when it did not end well."""
    if batch.problem:
        st.error(sheets.plain(batch.problem), icon=":material/error:")
    if batch.cancelled:
        st.info(sheets.plain(batch.cancelled), icon=":material/info:")


def offer(batch: batch_state.Batch, model: StoredModel) -> None:
    """Offer to read the table that is here with a model that has not read it yet."""
    names = ", ".join(result.model.name for result in batch.results.values())
    st.info(
        f"{sheets.plain(batch.table.name)} has been read by {names}, not by {model.name} yet.",
        icon=":material/info:",
    )
    st.button(f"Read it with {model.name}", on_click=batch.start, args=(batch.table, model))


main()
