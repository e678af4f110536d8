"""Who may do what, asked by every action itself: `does` wraps it. See docs/exposing.md.

Everyone reads digits. What changes something for others is the operator's: whoever is alone with
the app on their own machine, has signed in with an allowed address, or knows the operator's token.
"""

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import streamlit as st

from pages.shared.access import exposure, operator
from recognizer.datasets.corrections import Corrections
from recognizer.errors import RecognizerError
from recognizer.system import action_log
from recognizer.system.log_rate import Rate

_failures = Rate(10, 60, 60.0)  # that are written of one visitor, and of all, within a minute
TOKEN = "token"  # the name of whoever knows it
_VISITOR = "access-visitor"  # in the session's state: its random number


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
    REVIEW_LABELS = "review-labels"
    TRAIN = "start-training"
    STOP_TRAINING = "stop-training"
    RESUME_TRAINING = "resume-training"
    DELETE_TRAINING = "delete-training"
    PROMOTE = "promote-model"
    RENAME = "rename-model"
    DELETE_MODEL = "delete-model"
    NOTE = "write-note"
    JOIN_CLASS = "join-class"
    WRITE_IN_CLASS = "write-in-class"
    LEAVE_CLASS = "leave-class"
    OPEN_CLASS = "open-class"
    END_CLASS = "end-class"
    EXPORT_CLASS = "export-class"
    DELETE_CLASS = "delete-class"


# A visitor's own corrections only: `corrections` sees no others. In a class, what their key opens.
_EVERYONES = {
    Action.KEEP_CORRECTION,
    Action.TAKE_BACK_CORRECTION,
    Action.EXPORT_CORRECTIONS,
    Action.DELETE_CORRECTIONS,
    Action.JOIN_CLASS,
    Action.WRITE_IN_CLASS,
    Action.LEAVE_CLASS,
}
_DESCRIPTIONS = {  # "Only the operator may ..."
    Action.ADD_DIGITS: "bring digits to train on",
    Action.REMOVE_DIGITS: "remove digits from the server",
    Action.REVIEW_LABELS: "keep decisions about labels on the server",
    Action.TRAIN: "start a training",
    Action.STOP_TRAINING: "stop a training",
    Action.RESUME_TRAINING: "resume a training",
    Action.DELETE_TRAINING: "delete a training",
    Action.PROMOTE: "choose the default model",
    Action.RENAME: "rename a model",
    Action.DELETE_MODEL: "delete a model",
    Action.NOTE: "write notes on models",
    Action.OPEN_CLASS: "open a class",
    Action.END_CLASS: "end a class",
    Action.EXPORT_CLASS: "take a class's drawings",
    Action.DELETE_CLASS: "delete a class or a pupil",
}


class AccessError(RecognizerError):
    """Something that is not this person's to do."""


class FaultError(RecognizerError):
    """An internal error, shown by its reference in the log."""


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
    if address := operator.address():
        return Who(Role.OPERATOR, address)
    if operator.knows_token():
        return Who(Role.OPERATOR, TOKEN)
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
    """Make a function an action: checked, logged, and internal errors shown by their reference.

    The name of what it is done to, its first argument, is written down where it has one. The action
    has `later(...)`, which returns it as a function without arguments that is done by whoever asks
    for it now, while the operator's token stays the same: what a download button calls runs outside
    of any session.

    Raises:
        AccessError: when called by one who may not.
        FaultError: when the function fails otherwise than with a RecognizerError.
    """

    def wrapped(function: Callable) -> Callable:
        def done_later(asked: Who, mark: bytes, *args: Any) -> Any:
            if asked.name == TOKEN and not operator.is_still(mark):
                asked = replace(asked, role=Role.VISITOR)
            return done_by(asked, *args)

        def done_by(asked: Who, *args: Any) -> Any:
            target = _named(*args[:1])
            _check(asked, action, target)
            about = (asked.role, asked.name, action, target)
            try:
                result = function(*args)
            except RecognizerError as error:
                write_failure(asked, action, target, action_log.FAILED, reason=str(error))
                raise
            except Exception as error:
                raise FaultError(internal_error(action_log.write_fault(*about, error))) from error
            action_log.write(*about, action_log.DONE)
            return result

        @functools.wraps(function)
        def checked(*args: Any) -> Any:
            return done_by(who(), *args)

        checked.action = action
        checked.later = lambda *args: functools.partial(
            done_later, who(), operator.current(), *args
        )
        return checked

    return wrapped


def write_failure(asked: Who, action: str, target: str, outcome: str, **more: str) -> None:
    """Write down what was refused or failed; of a visitor not each where it goes on and on."""
    left_out = _failures.take(asked.name) if asked.role == Role.VISITOR else 0
    if left_out is not None:
        more |= {"left_out": str(left_out)} if left_out else {}
        action_log.write(asked.role, asked.name, action, target, outcome, **more)


def internal_error(reference: str) -> str:
    """Return what a person is shown of an internal error."""
    return (
        f"Internal error: something went wrong in the app, not in what you did. Try again; if it "
        f"happens again, give the operator of this app the reference {reference}."
    )


def owner() -> str | None:
    """Return whose corrections this session sees: a visitor its own, others all (None)."""
    asked = who()
    return asked.name if asked.role == Role.VISITOR else None


def corrections() -> Corrections:
    """Return the corrections as this session may see them."""
    return Corrections(owner=owner())


def handwriting(hand: str) -> Corrections:
    """Return one person's drawings as this session may see them; the operator's own by name."""
    return Corrections(owner=owner() or "", hand=hand)


def is_exposed() -> bool:
    """Whether others can be here, so that roles matter."""
    return who().role != Role.LOCAL


def sees_paths() -> bool:
    """Whether this person may see where the server keeps its files."""
    return who().role != Role.VISITOR


def _check(asked: Who, action: Action, target: str) -> None:
    if asked.role == Role.VISITOR and action not in _EVERYONES:
        write_failure(asked, action, target, action_log.REFUSED)
        raise AccessError(
            f"Only the operator may {_DESCRIPTIONS[action]}: {operator.how_to_become()}"
        )


def _named(target: object = "") -> str:
    """Return the name of a model, a training or a table."""
    return target if isinstance(target, str) else str(getattr(target, "name", ""))
