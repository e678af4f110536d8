"""The classes there are, and a new one."""

from datetime import timedelta

import streamlit as st

from pages.sections.classroom.pupil import day
from pages.shared import actions
from pages.shared.components import messages
from recognizer.classroom import Classroom, Collection
from recognizer.classroom.records import LONGEST_TITLE, MOST_DAYS, MOST_TIMES, today
from recognizer.errors import RecognizerError

CHOSEN = "classroom-chosen"  # code of the class that is shown
USUAL_DAYS = 14
_TITLE, _TIMES, _ENDS = "classroom-title", "classroom-times", "classroom-ends"
_PROBLEM = "classroom-open-problem"


def choose() -> Collection | None:
    """Offer to open a class; return the one that is chosen, None where there is none."""
    collections = {one.code: one for one in Classroom().collections()}
    if not collections:
        st.write(
            "Open a class: pupils join it on their phones by its address or its code, write each "
            "digit, and see how they are read. You see who is done, what is misread, and can train "
            "a model of the class."
        )
        _open()
        return None
    if st.session_state.get(CHOSEN) not in collections:
        st.session_state[CHOSEN] = next(iter(collections))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Class",
            list(collections),
            format_func=lambda code: (
                f"{collections[code].title} · until {day(collections[code].ends)}"
            ),
            key=CHOSEN,
        )
        with st.popover("Open another class"):
            _open()
    return collections[chosen]


def _open() -> None:
    st.text_input("Name of the class, such as class 5b", key=_TITLE, max_chars=LONGEST_TITLE)
    st.number_input("Drawings of each digit", 1, MOST_TIMES, key=_TIMES)
    st.date_input(
        "Last day",
        today() + timedelta(days=USUAL_DAYS),
        min_value=today(),
        max_value=today() + timedelta(days=MOST_DAYS),
        key=_ENDS,
        help="Nothing is taken after it; thirty days later all is deleted",
    )
    st.button("Open the class", icon=":material/groups:", on_click=_opened)
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.error(problem)


def _opened() -> None:
    try:
        made = actions.open_class(
            st.session_state[_TITLE], st.session_state[_TIMES], st.session_state[_ENDS]
        )
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)
    else:
        st.session_state[CHOSEN] = made.code
