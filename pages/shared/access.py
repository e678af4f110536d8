"""Who may do what, asked by every action itself: `does` wraps it. See docs/exposing.md.

Everyone reads digits. What changes something for others is the operator's: whoever is alone with
the app on their own machine, has signed in with an allowed address, or knows the operator's token.
"""

import functools
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import streamlit as st

from pages.shared import exposure
from recognizer import journal
from recognizer.corrections import Corrections
from recognizer.errors import RecognizerError, SettingError

TOKEN_LENGTH = 20  # characters, at least
_VISITOR, _SIGNED_IN = "access-visitor", "access-signed-in"  # in the session's state


class Role(StrEnum):
    """What somebody is here."""

    LOCAL = "local"  # alone with the app on their own machine: may do everything
    OPERATOR = "operator"  # may do everything
    VISITOR = "visitor"


class Action(StrEnum):
    """What somebody can do that changes something, as it is called in the log."""

    KEEP_CORRECTION = "keep-correction"
    TAKE_BACK_CORRECTION = "take-back-correction"
    EXPORT_CORRECTIONS = "export-corrections"
    DELETE_CORRECTIONS = "delete-corrections"
    ADD_DIGITS = "add-digits"
    REMOVE_DIGITS = "remove-digits"
    TRAIN = "start-training"
    STOP_TRAINING = "stop-training"
    RESUME_TRAINING = "resume-training"
    DELETE_TRAINING = "delete-training"
    PROMOTE = "promote-model"
    RENAME = "rename-model"
    DELETE_MODEL = "delete-model"
    NOTE = "write-note"


# A visitor's own corrections only: `corrections` sees no others.
_EVERYONES = {
    Action.KEEP_CORRECTION,
    Action.TAKE_BACK_CORRECTION,
    Action.EXPORT_CORRECTIONS,
    Action.DELETE_CORRECTIONS,
}
_TOLD = {  # "Only the operator may ..."
    Action.ADD_DIGITS: "bring digits to train on",
    Action.REMOVE_DIGITS: "remove digits from the server",
    Action.TRAIN: "start a training",
    Action.STOP_TRAINING: "stop a training",
    Action.RESUME_TRAINING: "resume a training",
    Action.DELETE_TRAINING: "delete a training",
    Action.PROMOTE: "choose the default model",
    Action.RENAME: "rename a model",
    Action.DELETE_MODEL: "delete a model",
    Action.NOTE: "write notes on models",
}


class AccessError(RecognizerError):
    """Something that is not this person's to do."""


class FaultError(RecognizerError):
    """A fault of ours, told by its reference in the log."""


@dataclass(frozen=True)
class Who:
    """Somebody at the app.

    Attributes:
        role: what they are here.
        name: an operator's address or "token", a visitor's random number, or "local".
    """

    role: Role
    name: str


def who() -> Who:
    """Return who this session is."""
    if exposure.is_local():
        return Who(Role.LOCAL, "local")
    if address := _allowed_address():
        return Who(Role.OPERATOR, address)
    if _knows_token():
        return Who(Role.OPERATOR, "token")
    return Who(Role.VISITOR, st.session_state.setdefault(_VISITOR, secrets.token_hex(8)))


def may(action: Action) -> bool:
    """Whether this session may do something; for showing or hiding a control, not for guarding."""
    return action in _EVERYONES or who().role != Role.VISITOR


def require(action: Action, target: str = "") -> Who:
    """Return who this session is, if it may do something; write down where it may not.

    Raises:
        AccessError: it is not theirs to do.
    """
    asked = who()
    _check(asked, action, target)
    return asked


def does(action: Action) -> Callable[[Callable], Callable]:
    """Make of a function an action: checked, written down, and faults told by their reference.

    The name of what it is done to, its first argument, is written down where it has one. The action
    has `later(...)`, which returns it as a function without arguments that is done by whoever asks
    for it now: what a download button calls runs outside of any session.

    Raises:
        AccessError: when called by one who may not.
        FaultError: when the function fails otherwise than with a RecognizerError.
    """

    def wrapped(deed: Callable) -> Callable:
        def done_by(asked: Who, *args: Any) -> Any:
            target = _named(*args[:1])
            _check(asked, action, target)
            about = (asked.role, asked.name, action, target)
            try:
                result = deed(*args)
            except RecognizerError as error:
                journal.write(*about, journal.FAILED, reason=str(error))
                raise
            except Exception as error:
                raise FaultError(told(journal.write_fault(*about, error))) from error
            journal.write(*about, journal.DONE)
            return result

        @functools.wraps(deed)
        def checked(*args: Any) -> Any:
            return done_by(who(), *args)

        checked.action = action
        checked.later = lambda *args: functools.partial(done_by, who(), *args)
        return checked

    return wrapped


def told(reference: str) -> str:
    """Tell a person of a fault of ours."""
    return (
        f"Something went wrong here, and it is not your mistake. Try again; if it stays so, tell "
        f"the one who runs this app the reference {reference}."
    )


def owner() -> str | None:
    """Return whose corrections this session sees: a visitor its own, others all (None)."""
    asked = who()
    return asked.name if asked.role == Role.VISITOR else None


def corrections() -> Corrections:
    """Return the corrections as this session may see them."""
    return Corrections(owner=owner())


def is_exposed() -> bool:
    """Whether others can be here, so that roles matter."""
    return who().role != Role.LOCAL


def how_to_become() -> str:
    """Say how one becomes the operator, as the end of a sentence."""
    if can_sign_in():
        return "sign in under “Operator” at the foot of the page."
    return (
        "nobody can be it yet, as this server is open to others and has neither an operator's "
        "token nor a login set up (docs/exposing.md)."
    )


def can_sign_in() -> bool:
    """Whether there is a way to become the operator."""
    try:
        return bool(token()) or can_log_in()
    except SettingError:
        return False


def can_log_in() -> bool:
    """Whether st.login is set up, and somebody listed who may be the operator."""
    return exposure.has_login() and bool(_listed())


def token() -> str:
    """Return the operator's token; empty where there is none.

    Raises:
        SettingError: it is too short to be one, or its file cannot be read.
    """
    text = os.environ.get(exposure.TOKEN, "")
    if not text and (file := os.environ.get(exposure.TOKEN_FILE)):
        try:
            text = Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(
                f"{exposure.TOKEN_FILE} names {file}, which cannot be read ({error}): name a file "
                "that holds the operator's token."
            ) from error
        text = text or " "  # an empty file is a mistake, not a server without a token
    if text and len(text.strip()) < TOKEN_LENGTH:
        raise SettingError(
            f"The operator's token has {len(text.strip())} characters: expected {TOKEN_LENGTH} or "
            "more, as `openssl rand -hex 32` gives."
        )
    return text.strip()


def keep_signed_in(given: str) -> bool:
    """Remember that this session gave the operator's token, if it is that; return whether."""
    wanted = token()
    right = hmac.compare_digest(_digest(given.strip()), _digest(wanted)) and bool(wanted)
    if right:
        st.session_state[_SIGNED_IN] = _digest(wanted)
    return right


def sign_out() -> None:
    """Forget that this session gave the token."""
    st.session_state.pop(_SIGNED_IN, None)


def _check(asked: Who, action: Action, target: str) -> None:
    if asked.role == Role.VISITOR and action not in _EVERYONES:
        journal.write(asked.role, asked.name, action, target, journal.REFUSED)
        raise AccessError(f"Only the operator may {_TOLD[action]}: {how_to_become()}")


def _named(target: object = "") -> str:
    """Return the name of a model, a training or a table."""
    return target if isinstance(target, str) else str(getattr(target, "name", ""))


def _knows_token() -> bool:
    """Whether this session gave the token, and it is still that one."""
    kept = st.session_state.get(_SIGNED_IN)
    try:
        wanted = token()
        return bool(kept and wanted) and hmac.compare_digest(kept, _digest(wanted))
    except SettingError:  # told at the foot of the page
        return False


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _allowed_address() -> str | None:
    """Return the address that signed in with st.login, if it is verified and an operator's."""
    user = st.user.to_dict()
    address = user.get("email")
    signed_in = user.get("is_logged_in") is True and user.get("email_verified") is True
    if signed_in and isinstance(address, str) and address.strip().casefold() in _listed():
        return address.strip()
    return None


def _listed() -> set[str]:
    """Return the operators' addresses."""
    listed = os.environ.get(exposure.OPERATORS, "").split(",")
    return {one.strip().casefold() for one in listed} - {""}
