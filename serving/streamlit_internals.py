"""All that touches the internals of Streamlit 1.67: its uploads, its messages, its sessions."""

import asyncio
import gc

import streamlit as st
from google.protobuf.message import DecodeError
from streamlit import config, net_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, get_instance
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from recognizer.system.process import return_memory
from serving.plain_json import is_plain_json

# What the pages' own script in the browser sends. Others clear every session's caches, shut the
# server down in development, or run git.
_TAKEN = {
    *("rerun_script", "stop_script", "app_heartbeat"),
    *("file_urls_request", "backend_operation_request"),
}
_OPERATIONS = {"deferred_file", "dataframe_chunk"}  # others write into the project's folder
_JSON = {"json_value", "json_trigger_value"}
FREE_SECONDS = 15.0  # between two looks for sessions whose time has passed
UNREADABLE = '{"drawing": "unreadable"}'


class Files:
    """The uploads that Streamlit keeps in memory."""

    def largest_mb(self) -> int:
        """Return how large one may be."""
        return st.get_option("server.maxUploadSize")

    def kept(self) -> dict[str, int]:
        """Return their bytes by session."""
        storage = get_instance().uploaded_file_mgr.file_storage
        return {
            session: sum(len(file.data) for file in list(files.values()))
            for session, files in list(storage.items())
        }

    def forget_if_gone(self, session: str) -> None:
        """Drop a session's files if it ended while one arrived: Streamlit would keep that."""
        runtime = get_instance()
        if not runtime.is_active_session(session):
            runtime.uploaded_file_mgr.remove_session_files(session)


def taken(data: bytes) -> bytes | None:
    """Return a browser's message as Streamlit may have it; None where no page sends its kind.

    What a component sent that is no JSON, or has no end, makes Streamlit fail in that session, now
    and at each message after it; it gets a value in its place that is no component's.

    Raises:
        ValueError: it is no message.
    """
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise ValueError("no message of a browser") from error
    kind = message.WhichOneof("type")
    operation = message.backend_operation_request.WhichOneof("payload")
    if kind not in _TAKEN or (operation and operation not in _OPERATIONS):
        return None
    changed = False
    for state in message.rerun_script.widget_states.widgets:
        kind = state.WhichOneof("value")
        if kind in _JSON and not is_plain_json(getattr(state, kind)):
            setattr(state, kind, UNREADABLE)
            changed = True
    return message.SerializeToString() if changed else data


def session_of(data: bytes) -> str:
    """Return the session's id where a message to a browser tells it, as the first one does."""
    message = ForwardMsg()
    message.ParseFromString(data)
    return message.new_session.initialize.session_id


async def free_closed_sessions() -> None:
    """Free sessions that were closed two minutes ago, for ever.

    Streamlit keeps them so long for browsers that come back, and then until the next one is closed:
    their drawings, tables and three descriptors each.
    """
    while True:
        await asyncio.sleep(FREE_SECONDS)
        if _free(get_instance()):
            gc.collect()
            return_memory()


def _free(runtime: Runtime) -> int:
    """Drop those whose time has passed; return how many."""
    closed = runtime._session_mgr._session_storage._cache
    before = len(closed)
    closed.expire()
    return before - len(closed)


def hosts_allowed(host: str | None) -> bool:
    """Whether `server.allowedHosts` lets a request in that asked for this host."""
    return is_host_allowed(host)


def other_origins() -> set[str]:
    """Return the other names, or whole origins, whose pages may open sessions."""
    names = list(st.get_option("server.corsAllowedOrigins") or ())
    if config.is_manually_set("browser.serverAddress"):
        names.append(st.get_option("browser.serverAddress"))
    return {name.strip().lower() for name in names if name}


def never_ask_outside() -> None:
    """Have Streamlit ask no other server for this one's address, as it would to check an origin."""
    net_util.get_external_ip = lambda: None
