"""Whose handwriting it is, whether it is used, and its end."""

import streamlit as st

from pages.sections.handwriting import writing
from pages.shared import actions, handwriting, session
from pages.shared.access import roles
from pages.shared.canvas import prompts
from pages.shared.components import markup
from recognizer.adaptation.hands import Trial
from recognizer.datasets.corrections import MINE, check_name
from recognizer.errors import RecognizerError
from recognizer.models.registry import StoredModel
from recognizer.records import Digits


def choose_hand() -> None:
    """Ask whose handwriting it is; a visitor of a server has one only."""
    if roles.owner() is not None:
        st.caption(
            "Your drawings are kept on this server as long as this page is open in your browser; "
            "the operator sees them, other visitors don't. “Forget” deletes them."
        )
        return
    names = [one.name for one in roles.corrections().hands()]
    chosen = session.choice(session.HAND)
    names = list(dict.fromkeys([chosen, MINE, *names]))
    st.selectbox(
        "Whose handwriting",
        names,
        index=0,
        accept_new_options=True,
        key="handwriting-name",
        on_change=_choose,
        help="Type a name to keep another person's apart, such as Ada or class 5b",
    )


def show(model: StoredModel) -> None:
    """Show what the hand changes for a model, the switch that uses it, and its end."""
    found = handwriting.tried(model)
    if found is None:
        return
    trial = found.trial
    st.toggle(
        "Use my handwriting",
        session.choice(session.USE_HAND),
        disabled=not trial.helps,
        help="The Draw page then reads with it",
        **session.keeps(session.USE_HAND),
    )
    st.write(trial.words)
    if trial.lost:
        st.caption(
            "On other people's digits it changes: "
            + ", ".join(f"{kind} {_points(lost)} points" for kind, lost in trial.lost.items())
            + "."
        )
    _show_changes(handwriting.corrections().digits(), trial)
    with st.popover("Forget"):
        count = handwriting.corrections().count()
        st.write(f"Delete all {count} drawings of this hand? This cannot be undone.")
        st.button("Forget this handwriting", on_click=_forget)


def _show_changes(digits: Digits, trial: Trial) -> None:
    """Show the drawings that are read otherwise with the hand, each measured without itself."""
    changed = trial.counted & (trial.before != trial.after)
    if not changed.any():
        return
    captions = (
        f"your {label}\n{before} → {after}"
        for label, before, after in zip(
            trial.labels[changed], trial.before[changed], trial.after[changed], strict=True
        )
    )
    st.html(markup.figures(digits.images[changed], captions))


def _choose() -> None:
    try:
        name = check_name(st.session_state["handwriting-name"] or MINE)
    except RecognizerError as error:
        prompts.tell(writing.KEY, error)
        del st.session_state["handwriting-name"]
        return
    st.session_state[session.HAND] = name
    prompts.forget_progress(writing.KEY)


def _forget() -> None:
    try:
        actions.forget_handwriting(session.choice(session.HAND))
    except RecognizerError as error:
        prompts.tell(writing.KEY, error)
        return
    st.session_state[session.USE_HAND] = False
    prompts.forget_progress(writing.KEY)


def _points(lost: float) -> str:
    """Return a change with its sign; none where it rounds to nothing."""
    change = round(-lost, 2)
    return f"{change:+.2f}".replace("-", "−") if change else "0.00"
