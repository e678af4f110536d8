"""The default model, which reads for everyone: changed with a question, and back with a click."""

import streamlit as st

from pages.shared import actions, layout, model_list
from pages.shared.components import markup, messages
from recognizer.errors import RecognizerError
from recognizer.evaluation import measured_percent
from recognizer.models import registry
from recognizer.models.registry import StoredModel

_CHANGED = "default-changed"  # (name of the default before, name of the one now)
_PROBLEM = "default-problem"  # what went wrong in a callback, shown once


def offer(model: StoredModel) -> None:
    """Offer to make a model the default; the click asks once, with what is known of both."""
    with st.popover(
        "It is the default" if model.default else "Make it the default",
        icon=":material/check:",
        disabled=model.default,
        help="Every page reads with the default model, open ones from their next reading on.",
    ):
        if model.default:
            return
        try:
            before = registry.find_model()
        except RecognizerError as error:
            messages.error(error)
            return
        st.markdown(_question(before, model))
        if st.button("Compare them first", icon=":material/compare_arrows:"):
            model_list.pick_to_compare(model.name)
            st.switch_page(layout.compare())
        st.button(
            f"Make {markup.plain(model.name)} the default",
            on_click=_change,
            args=(before.name, model.name),
        )


def show_change() -> None:
    """Say that the default was changed here, and offer the way back."""
    if problem := st.session_state.pop(_PROBLEM, None):
        messages.error(problem)
    before, now = st.session_state.get(_CHANGED, (None, None))
    if before is None:
        return
    messages.success(f"{now} is the default model now, on every page.")
    label = f"Make {markup.plain(before)} the default again"
    st.button(label, icon=":material/undo:", on_click=_change_back, args=(before,))


def _question(before: StoredModel, model: StoredModel) -> str:
    """Say what changes, and for whom."""
    lines = [
        "Every page reads with the default model, for everyone who uses this app.",
        f"- Now: {_figure(before)}",
        f"- Then: {_figure(model)}",
    ]
    if model.card.accuracy < before.card.accuracy:
        lines.append(f"\n**{markup.plain(model.name)} is the less accurate one by these figures.**")
    return "\n".join(lines)


def _figure(model: StoredModel) -> str:
    card = model.card
    return (
        f"{markup.plain(model.name)}, {measured_percent(card.accuracy)} of its {card.n:,} held-out "
        "rows read correctly"
    )


def _change(before: str, name: str) -> None:
    if _promote(name):
        st.session_state[_CHANGED] = (before, name)


def _change_back(before: str) -> None:
    if _promote(before):
        del st.session_state[_CHANGED]


def _promote(name: str) -> bool:
    try:
        actions.promote(name)
    except RecognizerError as error:
        st.session_state[_PROBLEM] = str(error)
        return False
    return True
