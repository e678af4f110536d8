"""Which models the Compare page is about; kept in its address, so that a reload shows them again.

Not with Streamlit's `bind="query-params"`: it drops without a word what is no option any more, as
a model that another tab has deleted.
"""

from collections.abc import Collection, Sequence

import streamlit as st

from pages.shared.components import messages
from pages.shared.model_list import MOST, PICKED, WAY

ONE = "model"  # in the address, and key of the widget, as PICKED and WAY


def switch(label: str, ways: Sequence[str]) -> str:
    """Ask for one of a few ways, the first at first."""
    keys = {way.lower().replace(" ", "-"): way for way in ways}
    st.session_state.setdefault(WAY, keys.get(st.query_params.get(WAY), ways[0]))
    way = st.segmented_control(
        label, ways, required=True, key=WAY, persist_state="session", label_visibility="collapsed"
    )
    st.query_params[WAY] = next(key for key in keys if keys[key] == way)
    return way


def several(names: Collection[str]) -> list[str]:
    """Ask for the models to compare: at first the default one and the best of the others."""
    if PICKED in st.session_state:
        before = st.session_state[PICKED]
    else:
        before = st.query_params.get_all(PICKED) or list(names)[:2]
    st.session_state[PICKED] = _there(before, names)[:MOST]
    chosen = st.multiselect(
        "Models to compare", list(names), key=PICKED, max_selections=MOST, persist_state="session"
    )
    st.query_params[PICKED] = chosen
    return chosen


def one(names: Collection[str]) -> str:
    """Ask for one model: at first the default one."""
    before = st.session_state.get(ONE) or st.query_params.get(ONE)
    there = _there([before] if before else [], names)
    st.session_state[ONE] = there[0] if there else next(iter(names))
    chosen = st.selectbox("Model", list(names), key=ONE, persist_state="session")
    st.query_params[ONE] = chosen
    return chosen


def renamed(old: str, new: str) -> None:
    """Go on with a model under its new name; only in a callback."""
    st.session_state[ONE] = new
    if PICKED in st.session_state:
        picked = st.session_state[PICKED]
        st.session_state[PICKED] = [new if name == old else name for name in picked]


def deleted(name: str) -> None:
    """Go on without a model; only in a callback."""
    st.session_state.pop(ONE, None)
    st.query_params.pop(ONE, None)
    if PICKED in st.session_state:
        st.session_state[PICKED] = [one for one in st.session_state[PICKED] if one != name]


def _there(asked: Sequence[str], names: Collection[str]) -> list[str]:
    """Return those of the asked models that are there, and say which are not."""
    gone = [name for name in asked if name not in names]
    if gone:
        listed = ", ".join(name[:64] for name in gone[:MOST])
        messages.warning(
            f"{listed} {'is' if len(gone) == 1 else 'are'} not here any more: deleted or renamed, "
            "perhaps in another tab."
        )
    return [name for name in dict.fromkeys(asked) if name in names]
