"""Internal errors of a page: logged, and shown by a reference in place of a traceback."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.access import roles
from pages.shared.components import messages
from recognizer.errors import RecognizerError
from recognizer.system import action_log


def install() -> None:
    """Report whatever goes wrong in this run; the first line of app.py.

    `st.App` takes `report` for all sessions; `streamlit run app.py` has no such setting, but
    each run has.
    """
    if context := get_script_run_ctx():
        context.on_script_error = report


def fragment(part: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Return `st.fragment` of a part of a page: it can be run without app.py's first line."""

    @wraps(part)
    def guarded(*arguments: Any, **named: Any) -> Any:
        install()
        return part(*arguments, **named)

    return st.fragment(guarded, **options)


def report(error: Exception) -> bool:
    """Log an internal error and show its reference; return True: Streamlit shows nothing more.

    What a person can fix is shown in its own words, wherever it was raised: a file that the page
    has read before may be in use or damaged now.
    """
    if isinstance(error, RecognizerError) and not isinstance(error, roles.FaultError):
        messages.error(error)
        return True
    who = roles.who()
    reference = action_log.write_fault(who.role, who.name, "page", "", error)
    messages.error(roles.internal_error(reference))
    return True
