"""At the foot of every page of an exposed server: who one is here, and the way to be the operator.

Wrong tokens are counted for the whole server: after ten within a minute nobody can sign in with the
token until a minute has passed. Who guesses can so keep the operator out, but not get in; and
st.login is not held up.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from importlib.util import find_spec

import streamlit as st

from pages.shared import error_boundary
from pages.shared.access import exposure, operator, roles
from pages.shared.access.roles import Role
from pages.shared.components import markup, messages
from recognizer.errors import SettingError
from recognizer.system import action_log

_log = logging.getLogger(__name__)
TRIES, SECONDS = 10, 60.0
LOOK_SECONDS = 2.0  # between two looks whether the token is still the same
_PROBLEM, _TOKEN = "signing-problem", "signing-token"


class Tries:
    """Counts wrong tokens, of all sessions; safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._wrong: deque[float] = deque(maxlen=TRIES)

    def wait(self) -> float:
        """Return for how many seconds no token is looked at."""
        with self._lock:
            if len(self._wrong) < TRIES:
                return 0
            return max(0, self._wrong[0] + SECONDS - self._clock())

    def note_wrong(self) -> None:
        """Count one."""
        with self._lock:
            self._wrong.append(self._clock())


_tries = Tries()


def show() -> None:
    """Say who one is here, and offer to sign in or out; nothing on one's own machine."""
    who = roles.who()
    if who.role == Role.LOCAL:
        return
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center", key="signing"):
        if who.role == Role.OPERATOR:
            name = "" if who.name == roles.TOKEN else f" ({markup.plain(who.name)})"
            st.caption(f"You are the operator{name}.", width="content")
            st.button("Sign out", on_click=_sign_out, icon=":material/logout:")
            if who.name == roles.TOKEN and operator.can_change():
                error_boundary.fragment(_end_with_token, run_every=LOOK_SECONDS)()
        else:
            st.caption(
                "You are a visitor here: models and trainings are the operator's.", width="content"
            )
            with st.popover("Operator", icon=":material/key:"):
                _ways_in()


def _end_with_token() -> None:
    """Show this page as a visitor's as soon as the token is another one."""
    if not operator.knows_token():
        st.rerun()


def _ways_in() -> None:
    try:
        token = operator.token()
    except SettingError as error:
        _log.warning("%s", error)  # it may name a file, which is nothing for visitors
        messages.warning("The operator's token is not set up correctly: the server's log says why.")
        return
    if operator.can_log_in():
        lacking = find_spec("authlib") is None
        reason = "This server lacks Authlib: run `make login` there." if lacking else None
        st.button(
            "Log in", on_click=st.login, icon=":material/login:", disabled=lacking, help=reason
        )
    if token:
        with st.form("signing-form", border=False, clear_on_submit=True):
            st.text_input("Operator's token", type="password", key=_TOKEN)
            st.form_submit_button("Sign in", on_click=_sign_in)
        if problem := st.session_state.pop(_PROBLEM, None):
            messages.error(problem)
        st.caption("Kept for this tab until it is closed or reloaded, or its connection ends.")
    if not operator.can_sign_in():
        how = operator.how_to_become()
        st.write(how[0].upper() + how[1:])


def _sign_in() -> None:
    seconds = _tries.wait()
    if seconds:
        st.session_state[_PROBLEM] = (
            f"Too many wrong tokens on this server: try again in {seconds:.0f} seconds."
        )
        _note(action_log.REFUSED)
    elif operator.keep_signed_in(st.session_state.get(_TOKEN, "")):
        _note(action_log.DONE)
    else:
        _tries.note_wrong()
        st.session_state[_PROBLEM] = "That is not the operator's token."
        _note(action_log.REFUSED)


def _sign_out() -> None:
    _note(action_log.DONE, "sign-out")
    operator.sign_out()
    if exposure.has_login() and st.user.is_logged_in:
        st.logout()


def _note(outcome: str, action: str = "sign-in") -> None:
    who = roles.who()
    if outcome == action_log.REFUSED:
        roles.write_failure(who, action, "", outcome)
    else:
        action_log.write(who.role, who.name, action, "", outcome)
