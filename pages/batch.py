"""Read a table of digits: Kaggle's test.csv in, submission.csv out."""

import streamlit as st

from pages.sections.batch import comparison, dialect, drawings, results, state, upload
from pages.sections.batch.label_review import embedding, labels
from pages.sections.batch.picture_tables import numbers, sheets
from pages.shared import error_boundary, layout, model_list, session
from pages.shared.components import markup, messages
from pages.shared.components.markup import duration
from recognizer.models.registry import StoredModel

LOOK_SECONDS = 0.5


def main() -> None:
    """Lay out the page: digits in, and below what was read in them."""
    if layout.guard("batch"):
        drawings.leave()
    st.title("Read a table: test.csv in, submission.csv out", anchor=False)
    models = model_list.whole()
    if not models:
        return
    batch = state.current()
    batch.take()
    model = choose_model(models, disabled=bool(batch.run or batch.reading))
    if batch.run or batch.reading:
        with st.container():
            error_boundary.fragment(show_progress, run_every=LOOK_SECONDS)(batch)
    else:
        with st.container():  # whatever it shows, what follows keeps its place
            with st.container():  # above the uploader: on a phone it would be below the fold
                show_problem(batch)
            upload.bring(batch, model)
            ask_about_pictures(batch, model)
    if batch.pictures:  # below them, another table's results would mislead
        return
    if batch.table is None:
        return
    result = batch.result(model)
    if result:
        dialect.show(batch, model)
        results.show(result)
        if result.table.digits.labels is not None:
            labels.show(batch, result)
            embedding.show(result)
        comparison.show(batch, result, models)
    elif not batch.run:
        offer(batch, model)


def choose_model(models: dict[str, StoredModel], *, disabled: bool) -> StoredModel:
    """Return the model that reads: the default one, whichever that is now, unless one is chosen."""
    session.follow(session.BATCH_MODEL, list(models))
    name = st.selectbox(
        "Model",
        list(models),
        format_func=lambda name: model_list.titled(models[name]),
        disabled=disabled,
        width=420,
        **session.keeps(session.BATCH_MODEL),
    )
    return models[name]


def show_progress(batch: state.Batch) -> None:
    """Show how far the reading is, until it has ended."""
    if batch.reading:
        show_pictures_read(batch)
        return
    run = batch.run
    if run is None or run.is_ended():
        st.rerun()  # the whole page: its next run looks no more
    st.markdown(f"**Reading {markup.plain(run.name)} with {run.model.name}**")
    now = run.progress()
    words = "Reading the first rows …"
    if now.rows:
        left = duration(now.seconds_left)
        words = f"{markup.count(now.rows)}, {now.speed:,.0f} a second, about {left} left"
    st.progress(now.share, words)
    st.button("Cancel", icon=":material/close:", on_click=batch.cancel)


def show_pictures_read(batch: state.Batch) -> None:
    """Show how many pictures are read, until all are."""
    reading = batch.reading
    if reading.is_ended():
        st.rerun()
    read = len(reading.results)
    st.markdown("**Reading your pictures**")
    st.progress(read / reading.count, f"{read:,} of {reading.count:,} pictures")
    st.button("Cancel", icon=":material/close:", on_click=batch.cancel)


def show_problem(batch: state.Batch) -> None:
    """Say how the last reading ended, when it did not end well."""
    if batch.problem:
        messages.error(batch.problem)
    if batch.cancelled:
        messages.info(batch.cancelled)


def ask_about_pictures(batch: state.Batch, model: StoredModel) -> None:
    """Ask whether each picture holds a digit, a number or a form, and show what was read."""
    if batch.pictures is None:
        return
    count = len(batch.pictures.pictures)
    words = "What does it hold?" if count == 1 else "What does each hold?"
    st.markdown(f"**{count:,} picture{'s' * (count > 1)}. {words}**")
    with st.container(horizontal=True):
        uploads = batch.pictures.uploads
        st.button("One digit each", on_click=batch.start, args=(uploads, model))
        st.button("One number each", on_click=batch.read_numbers, args=(model,))
        st.button("A filled-in sheet or table", on_click=batch.read_forms, args=(model,))
    if batch.numbers is not None:
        numbers.show(batch.numbers, count)
    if batch.forms is not None:
        sheets.show(batch.forms)


def offer(batch: state.Batch, model: StoredModel) -> None:
    """Offer to read the table that is here with a model that has not read it yet."""
    names = ", ".join(result.model.name for result in batch.results.values())
    messages.info(f"{batch.table.name} has been read by {names}, not by {model.name} yet.")
    st.button(f"Read it with {model.name}", on_click=batch.start, args=(batch.table, model))


main()
