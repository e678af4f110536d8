"""The app for others to reach: `streamlit run serve.py`, or `uvicorn serve:app --workers 1`.

As app.py, but everyone is a visitor who has not signed in, and what one browser or all of them can
take of the server is limited (recognizer/system/limits.py). See docs/exposing.md. Programs ask
under /api, with the keys that the operator makes: see docs/api.md.
"""

import logging
import os
import sys

import streamlit as st
from starlette.middleware import Middleware

from pages.shared import error_boundary
from pages.shared.access import exposure, operator
from recognizer.api import app as api
from recognizer.errors import RecognizerError
from recognizer.system import action_log, home, limits, log_rate
from serving import connections, streamlit_internals
from serving.gate import Gate
from serving.headers import Headers
from serving.mount import Mount

os.environ[exposure.EXPOSED] = "1"
action_log.to_stderr()
try:
    operator.token()
    allowed = limits.current()
    programs = api.create(exposed=True)
except RecognizerError as error:
    sys.exit(f"serve.py: {error}")
connections.limit(allowed.connections, allowed.sessions)
streamlit_internals.never_ask_outside()
log_rate.bound()
logging.getLogger("uvicorn.access").disabled = True  # addresses hold sessions and what was asked

app = st.App(
    home.PROJECT / "app.py",
    middleware=[
        Middleware(Headers),
        Middleware(Mount, path="/api", mounted=programs),
        Middleware(Gate, allowed=allowed),
    ],
    on_script_error=error_boundary.report,
)
