"""serve.py as others reach it: what is sent past the browser is refused like what is clicked."""

import hashlib
import json
import os
import select
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers.servers import SMALL_UPLOADS, Server, get, served
from helpers.streamlit_client import Session, pressed, typed
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.exceptions import InvalidStatus

from benchmarks.helpers.servers import START_SECONDS, app_command, free_port
from recognizer.api import keys
from recognizer.models import registry
from recognizer.system import home
from serving.browsers import COOKIE

TOKEN = "a token of forty characters, or nearly so"
MANAGE = "do=manage-a-model&model=mine"
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    if not (registry.SHIPPED / "softmax").is_dir():
        pytest.skip("no models/softmax: restore the models/ folder")
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(registry.SHIPPED / "softmax", folder / "home" / "models" / "mine")
    limits = {"SESSIONS": "5", "CONNECTIONS": "40", "SESSION_UPLOAD_MB": "4", "UPLOAD_MB": "6"}
    limits = {f"RECOGNIZER_MAX_{name}": value for name, value in limits.items()}
    yield from served("serve.py", folder, SMALL_UPLOADS, RECOGNIZER_OPERATOR_TOKEN=TOKEN, **limits)


@pytest.fixture
def visitor(server) -> Iterator[Session]:
    session = Session(server.url)
    yield session
    session.close()


@pytest.fixture
def operator(server) -> Iterator[Session]:
    session = Session(server.url)
    signed_in(session)
    yield session
    session.close()


def signed_in(session: Session) -> None:
    session.visit("compare", MANAGE)
    field = session.of("text_input")[-1].text_input
    assert "token" in field.label
    session.press("Sign in", typed(field.id, TOKEN))
    assert "You are the operator" in session.said()


def promoted(server: Server) -> bool:
    return (server.home / "default").exists()


class TestReplaying:
    def test_a_button_that_was_never_shown_does_nothing(self, server, operator, visitor):
        shown = {label: operator.button(label) for label in ("Make mine the default", "Delete it")}
        visitor.visit("compare", MANAGE)
        assert not any(visitor.has(label) for label in shown)
        for widget in shown.values():
            visitor.send(pressed(widget))
        assert not promoted(server)
        assert (server.home / "models" / "mine").is_dir()

    def test_one_that_was_shown_before_signing_out_is_refused_in_words(self, server, operator):
        widget = operator.button("Make mine the default")
        operator.press("Sign out")
        assert "You are a visitor" in operator.said()
        assert not operator.has("Make mine the default")
        before = server.log()
        operator.send(pressed(widget))
        assert not promoted(server)
        assert all(line["outcome"] == "refused" for line in server.log()[len(before) :])

    def test_both_in_one_message_are_done_in_no_ones_name(self, server, operator):
        """Sign out and promote at once: whichever comes first, the check is the deed's own."""
        operator.send(
            pressed(operator.button("Sign out")), pressed(operator.button("Make mine the default"))
        )
        done = [line for line in server.log() if line["action"] == "promote-model"]
        assert all(line["role"] == "operator" for line in done if line["outcome"] == "done")
        (server.home / "default").unlink(missing_ok=True)

    @pytest.mark.parametrize("kind", ["string_value", "bytes_value", "json_value"])
    def test_no_message_sets_what_the_session_remembers(self, server, visitor, kind):
        """A client names the widgets it sends states of: none of them is a key of ours."""
        digest = hashlib.sha256(TOKEN.encode()).digest()  # which nobody without the token knows
        forged = digest if kind == "bytes_value" else digest.hex()
        visitor.visit("compare", MANAGE)
        visitor.send(WidgetState(id="access-signed-in", **{kind: forged}))
        assert "You are the operator" not in visitor.said()
        assert not visitor.has("Delete it")
        visitor.send()
        assert "You are a visitor" in visitor.said()


class TestTakingOver:
    """The session's id is known, as from the address of an upload."""

    def test_the_operators_role_stays_with_the_connection_that_signed_in(self, server):
        cookie = f"{COOKIE}={'a' * 32}"
        session = Session(server.url, cookie)
        try:
            signed_in(session)
            for other in (f"{COOKIE}={'b' * 32}", ""):
                stranger = Session(server.url, other, resume=session.id)
                assert "You are a visitor" in stranger.visit("compare", MANAGE).said()
                assert stranger.id != session.id
                stranger.close()
            assert "You are the operator" in session.send().said()
        finally:
            session.close()
        again = Session(server.url, cookie, resume=session.id)  # as after a dropped connection
        try:
            assert "You are a visitor" in again.visit("compare", MANAGE).said()
            assert again.id == session.id, "the browser that opened it goes on with its drawing"
        finally:
            again.close()

    def test_no_other_browser_sends_a_file_into_it(self, server):
        session = Session(server.url, f"{COOKIE}={'c' * 32}")
        try:
            session.visit("batch")
            own = f"{session.cookie}; {COOKIE}={'c' * 32}"
            assert session.upload(b"x", Cookie=own)[0] == 204
            assert session.upload(b"x", Cookie=f"{session.cookie}; {COOKIE}={'d' * 32}")[0] == 403
        finally:
            session.close()


class TestMessagesThatNoBrowserSends:
    def canvas(self, visitor: Session) -> str:
        shown = [one.bidi_component for one in visitor.visit("home").of("bidi_component")]
        return next(one.id for one in shown if "drawable" in one.component_name)

    @pytest.mark.parametrize(
        "sent",
        ["[" * 3_000 + "]" * 3_000, '{"a":' * 3_000 + "1" + "}" * 3_000, "no JSON"],
        ids=["lists", "objects", "none"],
    )
    def test_a_drawing_without_end_is_told_so_and_the_next_one_is_read(self, visitor, sent):
        widget = self.canvas(visitor)
        visitor.send(WidgetState(id=widget, json_value=sent))
        assert "sent something that is not a drawing" in visitor.said()
        assert "Internal error" not in visitor.said()
        visitor.send(WidgetState(id=widget, json_value="{}"))
        assert "Draw, and I read it." in visitor.said()
        assert "not a drawing" not in visitor.said()


class TestLoggingIn:
    """With st.login, whose cookie is signed here as Streamlit signs it: no provider is asked."""

    SECRET = "a secret of forty characters, or nearly so"

    @pytest.fixture(scope="module")
    @staticmethod
    def provided(tmp_path_factory) -> Iterator[Server]:
        folder = tmp_path_factory.mktemp("provided")
        (folder / "secrets.toml").write_text(
            f"""[auth]
            redirect_uri = "http://localhost/oauth2callback"
            cookie_secret = "{TestLoggingIn.SECRET}"
            client_id = "x"
            client_secret = "x"
            server_metadata_url = "http://localhost/none"
            """
        )
        yield from served(
            *("serve.py", folder, SMALL_UPLOADS),
            STREAMLIT_SECRETS_FILES=str(folder / "secrets.toml"),
            RECOGNIZER_OPERATORS="ada@example.org",
        )

    def said(self, server: Server, secret: str, **user: object) -> str:
        facts = {"origin": server.url, "is_logged_in": True, **user}
        signed = create_signed_value(secret, "_streamlit_user", json.dumps(facts)).decode()
        session = Session(server.url, cookie=f"_streamlit_user={signed}")
        try:
            return session.visit("compare").said()
        finally:
            session.close()

    def test_makes_an_operator_of_a_listed_verified_address_alone(self, provided):
        ada = {"email": "ada@example.org", "email_verified": True}
        assert "You are the operator (ada@example.org)" in self.said(provided, self.SECRET, **ada)
        for changed in ({"email_verified": False}, {"email": "eve@example.org"}):
            assert "You are a visitor" in self.said(provided, self.SECRET, **{**ada, **changed})
        assert "You are a visitor" in self.said(provided, "a secret of somebody else's", **ada)


class TestUploads:
    def test_go_to_a_session_that_is_there_and_with_its_token(self, server, visitor):
        visitor.visit("batch")
        assert visitor.upload(b"x" * 1000)[0] == 204
        assert visitor.upload(b"x", session="no-such-session")[0] == 400
        assert visitor.upload(b"x", **{"X-Xsrftoken": "wrong"})[0] == 403
        assert visitor.upload(b"x", Cookie="")[0] == 403

    def test_are_refused_above_the_limit_of_one_and_of_a_session(self, server, visitor):
        visitor.visit("batch")
        status, told = visitor.upload(bytes(4 * MEGABYTE))
        assert (status, "expected 2 MB at most" in told) == (413, True)
        assert visitor.upload(bytes(2 * MEGABYTE - 1000))[0] == 204, "with its form around it"
        assert visitor.upload(bytes(MEGABYTE))[0] == 204
        status, told = visitor.upload(bytes(MEGABYTE * 3 // 2))
        assert (status, "more than 4 MB together" in told) == (413, True)

    @pytest.mark.parametrize("name", ["../../evil.csv", "/tmp/evil.csv", "..\\evil.csv", "a\0b"])
    def test_a_files_name_is_never_a_path(self, server, visitor, name):
        def files() -> set[Path]:
            return {path for path in server.home.parent.rglob("*") if path.is_file()}

        visitor.visit("batch")
        before = files()
        assert visitor.upload(b"a,b\n1,2\n", name)[0] in (204, 400)
        assert {path.name for path in files() - before} <= {"actions.log", "faults.log"}
        assert not Path("/tmp/evil.csv").exists()


def test_as_many_sessions_as_there_are_places_and_no_more(server):
    with ExitStack() as opened:
        for _ in range(5):
            opened.callback(Session(server.url).close)
        with pytest.raises(InvalidStatus) as caught:
            Session(server.url)
        response = caught.value.response
        assert response.status_code == 503
        assert b"All 5 places of this server are taken" in response.body
        status, told = get(server.url, Accept="text/html")
        assert (status, "are taken" in told) == (503, True)


def test_another_sites_page_opens_no_session(server):
    with pytest.raises(InvalidStatus) as caught:
        Session(server.url, origin="http://evil.example")
    assert caught.value.response.status_code == 403


def test_silent_connections_hold_up_neither_a_page_nor_the_health_check(server):
    place = urlsplit(server.url)
    with ExitStack() as opened:
        silent = []
        for number in range(120):
            one = opened.enter_context(socket.create_connection((place.hostname, place.port)))
            one.sendall(b"GET /_stcore/health HTTP/1.1\r\n"[: number % 20])  # some have begun
            silent.append(one)
        assert get(f"{server.url}/_stcore/health") == (200, "ok")
        session = Session(server.url)
        opened.callback(session.close)
        assert session.visit("compare").elements
        closed = select.select(silent, [], [], 0)[0]
        assert len(closed) >= 120 - 40, "more than 40 are never open"
        assert "Too many open files" not in server.said.read_text()


@pytest.mark.parametrize(
    "path", ["/../serve.py", "/%2e%2e/serve.py", "/static/../../serve.py", "//etc/passwd"]
)
def test_no_file_of_the_server_can_be_had_by_a_path(server, path):
    status, text = get(server.url + path)
    assert status in (200, 400, 403, 404)
    assert "root:" not in text
    assert "st.App(" not in text


def test_the_log_is_on_stderr_too(server, operator):
    lines = [line for line in server.said.read_text().splitlines() if line.startswith("{")]
    assert {"sign-in"} <= {json.loads(line)["action"] for line in lines}
    assert TOKEN not in server.said.read_text()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("RECOGNIZER_OPERATOR_TOKEN", "short", "has 5 characters"),
        ("RECOGNIZER_MAX_SESSIONS", "many", "RECOGNIZER_MAX_SESSIONS is 'many'"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_a_sentence(tmp_path, name, value, told):
    ended = subprocess.run(
        app_command("serve.py", free_port(), SMALL_UPLOADS),
        cwd=home.PROJECT,
        env={**os.environ, "RECOGNIZER_HOME": str(tmp_path), name: value},
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert ended.returncode != 0
    assert told in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_programs_ask_beside_the_pages_with_a_key_and_past_the_pages_limits(server, monkeypatch):
    models = f"{server.url}/api/v1/models"
    status, said = get(models)
    assert (status, "api-keys add" in said) == (403, True)
    monkeypatch.setenv("RECOGNIZER_HOME", str(server.home))
    key = f"Bearer {keys.add('robot')}"
    assert get(models, Authorization=key)[0] == 200
    picture = b"P5 500 400 255\n" + bytes(200_000)  # more than a page may send in a request
    request = urllib.request.Request(
        f"{server.url}/api/v1/read", picture, {"Authorization": key}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(request):
        pass
    with caught.value as refused:
        assert refused.code == 422, "it came whole, and is no format that is read"
        assert refused.headers["content-type"] == "application/problem+json"
