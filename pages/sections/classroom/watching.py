"""What the operator sees of a class, and does with it."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import numpy as np
import streamlit as st

from pages.sections.classroom.pupil import CODE, day
from pages.shared import actions, error_boundary, layout, model_cache
from pages.shared.access import roles
from pages.shared.components import confusion_matrix, markup, messages
from recognizer.classroom import Classroom, Collection, Drawings, Pupil
from recognizer.classroom.records import today
from recognizer.classroom.tables import left_out
from recognizer.errors import RecognizerError
from recognizer.jobs.fine_tuning import class_training
from recognizer.models.registry import StoredModel

LOOK_SECONDS = 5.0
HARDEST = 12  # drawings
JOB = "job"  # of the Train page's address
_NAME, _PROBLEM, _STARTED = "classroom-model", "classroom-watch-problem", "classroom-job"


def show(collection: Collection, model: StoredModel) -> None:
    """Show a class.

    Args:
        collection: of the class.
        model: the default one, which reads what they wrote.
    """
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.error(problem)
    _invite(collection)
    error_boundary.fragment(_progress, run_every=LOOK_SECONDS)(collection, model)
    drawings, pupils = Classroom().drawings(collection.code), _names(collection)
    if len(drawings.digits):
        probabilities = model_cache.recognizer(model).predict(drawings.digits.images)
        st.header("Confusion matrix", anchor=False)
        st.caption(
            f"{len(drawings.digits):,} drawings of the class, read by {markup.plain(model.name)}."
        )
        confusion_matrix.show(
            drawings.digits, probabilities, key="matrix-class", changes=False, model=model
        )
        _show_hardest(drawings, probabilities, pupils)
        _offer_training(collection, len(np.unique(drawings.pupils)), model)
    _offer_files(collection, pupils)


def _invite(collection: Collection) -> None:
    """Say how pupils join."""
    if not collection.is_open(today()):
        messages.info(
            f"{collection.title} has ended: nothing is taken any more. All is deleted on "
            f"{day(collection.deleted)}."
        )
        return
    st.write("Pupils join at this address, or on this page with the code:")
    here = urlsplit(st.context.url or "")
    address = f"{here.scheme}://{here.netloc}{here.path}?{CODE}={collection.code}"
    st.code(address, None, wrap_lines=True)
    st.metric("Code", collection.code)  # large: it is read from the wall
    words = f"It ends on {day(collection.ends)}; all is deleted on {day(collection.deleted)}."
    if not roles.is_exposed():
        words += (
            " This app is open to this machine only: docs/exposing.md says how others reach it."
        )
    st.caption(words)


def _names(collection: Collection) -> dict[int, Pupil]:
    return {one.number: one for one in Classroom().pupils(collection.code)}


def _progress(collection: Collection, model: StoredModel) -> None:
    """Show who is done; looks again by itself."""
    pupils, drawings = _names(collection), Classroom().drawings(collection.code)
    done = sum(one.is_done(collection) for one in pupils.values())
    st.header(f"{done} of {len(pupils)} pupils are done", anchor=False)
    if not pupils:
        st.caption("Nobody has joined yet. This part looks again every five seconds.")
        return
    predicted = model_cache.recognizer(model).predict(drawings.digits.images).argmax(axis=1)
    right = predicted == drawings.digits.labels
    rows = [
        (
            "✓" if one.is_done(collection) else "",
            one.name,
            f"{one.drawings} of {collection.wanted}",
            f"{int(right[drawings.pupils == number].sum())}",
        )
        for number, one in pupils.items()
    ]
    st.html(markup.table(("Done", "Pupil", "Written", "Read right"), rows, numbers=2))


def _show_hardest(drawings: Drawings, probabilities: np.ndarray, pupils: dict[int, Pupil]) -> None:
    """Show the drawings whose digit the model finds least likely."""
    labels = drawings.digits.labels
    of_truth = probabilities[np.arange(len(labels)), labels]  # (n,)
    hardest = np.argsort(of_truth, kind="stable")[:HARDEST]
    st.header("The hardest drawings", anchor=False)
    captions = (
        f"{_name(pupils, int(drawings.pupils[row]))}: {labels[row]}\n"
        f"read as {probabilities[row].argmax()}"
        for row in hardest
    )
    st.html(markup.figures(drawings.digits.images[hardest], captions))


def _name(pupils: dict[int, Pupil], number: int) -> str:
    return pupils[number].name if number in pupils else "somebody"


def _offer_training(collection: Collection, writers: int, model: StoredModel) -> None:
    """Offer to train the class's own model."""
    st.header("A model of the class", anchor=False)
    if writers < 2:
        st.caption("At least two pupils are needed: one is left out, to measure on.")
        return
    count = left_out(writers)
    st.write(
        f"The training goes on from {markup.plain(model.name)}. {count} of {writers} pupils "
        f"{'is' if count == 1 else 'are'} left out of it, and both models are measured on what "
        "these wrote: so the figure says how a pupil is read whom the model does not know."
    )
    st.text_input("Name of the model", class_training.usual_name(collection.code), key=_NAME)
    st.button("Train the class's model", on_click=_act, args=(partial(_train, collection.code),))
    if started := st.session_state.pop(_STARTED, None):
        st.switch_page(layout.train(), query_params={JOB: started})


def _train(code: str) -> None:
    st.session_state[_STARTED] = actions.train_class(st.session_state[_NAME], code).id


def _offer_files(collection: Collection, pupils: dict[int, Pupil]) -> None:
    """Offer to take the drawings home, to end the class and to delete."""
    st.header("Export and delete", anchor=False)
    code = collection.code
    chosen = st.selectbox(
        "Of whom",
        [None, *pupils],
        format_func=lambda number: "The whole class" if number is None else pupils[number].name,
    )
    with st.container(horizontal=True):
        st.download_button(
            "Export as a table",
            actions.export_class.later(code, chosen),
            f"class-{code.lower()}.csv",
            "text/csv",
            on_click="ignore",
            help="A train.csv, without names: Train and `train` take it",
        )
        if collection.is_open(today()):
            st.button("End the class now", on_click=_act, args=(partial(actions.end_class, code),))
        with st.popover("Delete"):
            if chosen is None:
                st.write("Delete the class, its pupils and all drawings? A trained model stays.")
                delete = partial(actions.delete_class, code)
            else:
                name = markup.plain(pupils[chosen].name)
                st.write(f"Delete {name} and all their drawings? A trained model stays.")
                delete = partial(actions.delete_pupil, code, chosen)
            st.button("Delete for good", on_click=_act, args=(delete,))


def _act(do: Callable[[], object]) -> None:
    try:
        do()
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)
