"""What a pupil sees: what is kept, a name, the prompts, their own exam.

The address holds the class's code and, once they have joined, their key: with it they come back
after the phone has forgotten the page.
"""

import functools
from datetime import date

import streamlit as st

from pages.shared import actions, error_boundary
from pages.shared.access import roles
from pages.shared.canvas import prompts
from pages.shared.canvas.prompts import Prompts
from pages.shared.components import exam, markup, messages
from recognizer.classroom import Classroom, Collection, Pupil
from recognizer.classroom.records import CODE_LENGTH, LONGEST_NAME, read_code, today
from recognizer.errors import RecognizerError
from recognizer.models.registry import StoredModel

CODE, PUPIL = "code", "pupil"  # of the address
KEY = "classroom"  # of the canvas
_NAME, _CODE, _PROBLEM = "classroom-name", "classroom-code", "classroom-problem"


def ask_code() -> None:
    """Ask for the code of a class."""
    st.text_input(
        "The code of your class",
        key=_CODE,
        max_chars=2 * CODE_LENGTH,
        on_change=_enter,
        help="Six letters and digits, which your teacher has",
    )
    st.button("Go to the class", on_click=_enter)


def show(code: str, models: dict[str, StoredModel]) -> None:
    """Show the page of one pupil.

    Args:
        code: as it stands in the address.
        models: by name, the default one first.
    """
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.error(problem)
    try:
        collection = Classroom().find(code)
    except RecognizerError as error:
        messages.error(error)
        st.button("Enter another code", on_click=_go_back)
        return
    st.title(collection.title, anchor=False)
    if Classroom().pupil(collection.code, _key()):
        error_boundary.fragment(_write)(collection, models)
    elif collection.is_open(today()):
        _ask_to_join(collection)
    else:
        messages.info(_ended(collection))
    if roles.may(roles.Action.OPEN_CLASS):
        st.button("Back to the classes", icon=":material/arrow_back:", on_click=_go_back)


def day(of: date) -> str:
    """Return a day for people, such as 5 March 2027."""
    return f"{of.day} {of:%B %Y}"


def _ask_to_join(collection: Collection) -> None:
    """Say what is kept, and ask for a name."""
    times = "once" if collection.times == 1 else f"{collection.times} times"
    st.write(f"Write each digit {times}, and see how many of yours the app reads right.")
    st.text_input("Your name, or one that you make up", key=_NAME, max_chars=LONGEST_NAME)
    where = "server" if roles.is_exposed() else "machine"
    st.write(
        f"What you write and the name you choose are kept on this {where} until "
        f"{day(collection.deleted)} at the latest, for your teacher, who may train a network with "
        "them; you can delete yours at any time."
    )
    st.button("I agree and join", type="primary", on_click=_join, args=(collection.code,))


def _write(collection: Collection, models: dict[str, StoredModel]) -> None:
    """Show the prompts and the exam: a stroke reruns this, not the page."""
    classroom, key = Classroom(), _key()
    pupil = classroom.pupil(collection.code, key)
    if pupil is None:  # deleted, by themselves or their teacher
        st.rerun()  # the whole page: it asks to join
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.caption(f"You write as {markup.plain(pupil.name)}.")
        if collection.is_open(today()):
            _ask(collection, pupil, key, next(iter(models.values())))
        else:
            messages.info(_ended(collection))
    with right:
        digits = classroom.drawings(collection.code, pupil.number).digits
        if len(digits):
            name, model = next(iter(models.items()))  # all of them, for a whole class, take long
            exam.show({name: model}, digits)
        with st.popover("Delete what I wrote"):
            st.write("Delete your name and all your drawings? This cannot be undone.")
            st.button("Delete them", on_click=_leave, args=(collection.code, key))


def _ask(collection: Collection, pupil: Pupil, key: str, model: StoredModel) -> None:
    prompts.show(
        Prompts(
            KEY,
            pupil.digits,
            collection.times,
            functools.partial(actions.keep_in_class, collection.code, key),
            functools.partial(actions.take_back_in_class, collection.code, key),
        ),
        model,
        "You have written all digits. Thank you!",
    )


def _ended(collection: Collection) -> str:
    return f"{collection.title} has ended on {day(collection.ends)}: nothing is taken any more."


def _key() -> str:
    return st.query_params.get(PUPIL, "")


def _enter() -> None:
    if code := read_code(st.session_state[_CODE]):
        st.query_params[CODE] = code


def _go_back() -> None:
    st.query_params.clear()


def _join(code: str) -> None:
    try:
        st.query_params[PUPIL] = actions.join_class(code, st.session_state[_NAME])
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)
    else:
        prompts.forget_progress(KEY)


def _leave(code: str, key: str) -> None:
    try:
        actions.leave_class(code, key)
    except RecognizerError as error:
        prompts.tell(KEY, error)
    else:
        st.query_params.pop(PUPIL, None)
        prompts.forget_progress(KEY)
