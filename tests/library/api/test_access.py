"""Who may ask the API: here anyone, from elsewhere who has a key; and how often."""

import json
import socket

import pytest
from helpers.factories import one_line
from helpers.servers import ask

from recognizer.__main__ import main
from recognizer.api import app as api
from recognizer.api import keys
from recognizer.api.rates import Rates
from recognizer.cli import api as command
from recognizer.errors import SettingError, StorageError

MODELS, HEALTH, DOCS = "/api/v1/models", "/api/v1/health", "/api/v1/docs"
ELSEWHERE = ("192.0.2.7", 50_000)


def status(app, path=MODELS, **more) -> int:
    answer = ask(app, path, **more)
    if answer.status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        one_line(answer.json["detail"])
    return answer.status


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture
def local():
    return api.create(exposed=False)


@pytest.fixture
def exposed():
    return api.create(exposed=True)


class TestWithoutAKey:
    def test_on_this_machine_nobody_is_asked(self, local):
        assert status(local) == 200
        assert status(local, host="127.0.0.1:8602", origin="http://127.0.0.1:8602") == 200

    @pytest.mark.parametrize(
        "sent",
        [
            {"client": ELSEWHERE},
            {"host": "example.org"},  # a proxy, or DNS rebinding
            {"host": ""},
            {"x_forwarded_for": "192.0.2.7"},
            {"forwarded": "for=192.0.2.7"},
            {"origin": "https://example.org"},  # another site's page in this machine's browser
            {"origin": "null"},
            {"sec_fetch_site": "cross-site"},
        ],
    )
    def test_whoever_may_be_elsewhere_is_refused(self, local, sent):
        assert status(local, **sent) == 403
        token = keys.add("robot")
        assert status(local, **sent) == 401, "once there are keys, one is asked for"
        assert status(local, **sent, **bearer(token)) == 200

    def test_on_an_exposed_server_everyone_is_refused_but_for_its_health(self, exposed):
        assert (status(exposed), status(exposed, DOCS)) == (403, 403)
        assert status(exposed, HEALTH, client=ELSEWHERE) == 200
        keys.add("robot")
        assert (status(exposed), status(exposed, DOCS)) == (401, 200)

    def test_it_says_how_to_send_one(self, exposed):
        keys.add("robot")
        answer = ask(exposed, MODELS)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "Authorization: Bearer" in answer.json["detail"]


class TestKeys:
    def test_lets_its_holder_in_until_it_is_revoked(self, exposed):
        robot, form = keys.add("robot"), keys.add("form")
        assert (status(exposed, **bearer(robot)), status(exposed, **bearer(form))) == (200, 200)
        keys.revoke("robot")
        assert (status(exposed, **bearer(robot)), status(exposed, **bearer(form))) == (401, 200)

    @pytest.mark.parametrize("sent", ["Bearer wrong", "Bearer ", "Basic {}", "{}", "Bearer {}x"])
    def test_anything_else_is_refused_even_here(self, local, sent):
        assert status(local, authorization=sent.format(keys.add("robot"))) == 401

    def test_is_not_in_the_file(self, home):
        token = keys.add("robot")
        assert len(token) > 43, "256 bits"
        for path in home.rglob("*"):
            assert path.is_dir() or token.encode() not in path.read_bytes()

    def test_two_have_no_name_in_common_and_none_an_odd_one(self):
        keys.add("robot")
        for name in ("robot", "", "a b", "../x", "x" * 65, "a\nb"):
            with pytest.raises(SettingError) as caught:
                keys.add(name)
            one_line(caught.value)
        with pytest.raises(SettingError, match="robot"):
            keys.revoke("other")

    @pytest.mark.parametrize("content", ["", "[]", '{"version": 1, "keys": [1]}', "{", "[" * 9000])
    def test_in_a_damaged_file_let_nobody_in(self, exposed, home, content):
        token = keys.add("robot")
        (home / keys.FILE).write_text(content)
        assert status(exposed, **bearer(token)) == 500
        with pytest.raises(StorageError, match="damaged") as caught:
            keys.add("other")
        one_line(caught.value)

    def test_are_made_listed_and_revoked_from_the_command_line(self, exposed, capsys, home):
        assert main(["api-keys", "add", "robot"]) == 0
        token = capsys.readouterr().out.strip()
        assert status(exposed, **bearer(token)) == 200
        assert main(["api-keys", "list", "--json"]) == 0
        assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ["robot"]
        assert main(["api-keys", "revoke", "robot"]) == 0
        assert main(["api-keys", "revoke", "robot"]) == 2
        one_line(capsys.readouterr().err.strip())
        log = (home / "logs" / "actions.log").read_text()
        assert "add-api-key" in log
        assert "revoke-api-key" in log
        assert token not in log


class TestHowOften:
    def test_a_key_that_has_used_its_minute_up_is_told_when_to_come_back(self, monkeypatch):
        monkeypatch.setenv("RECOGNIZER_MAX_API_MINUTE", "3")
        app = api.create(exposed=True)
        robot, form = bearer(keys.add("robot")), bearer(keys.add("form"))
        assert [status(app, **robot) for _ in range(4)] == [200, 200, 200, 429]
        assert 0 < int(ask(app, MODELS, **robot).headers["retry-after"]) <= 20
        assert status(app, **form) == 200, "each key has its own"

    def test_a_bucket_fills_at_its_rate_and_no_higher_than_a_minute_s(self):
        now = [0.0]
        rates = Rates(60, clock=lambda: now[0])
        assert not any(rates.take("a") for _ in range(60))
        assert rates.take("a") == pytest.approx(1)
        now[0] = 2.5
        assert [rates.take("a") > 0 for _ in range(3)] == [False, False, True]
        now[0] = 10_000
        assert sum(rates.take("a") == 0 for _ in range(100)) == 60


class TestTheServer:
    def test_is_not_opened_to_others_without_a_key(self, capsys, monkeypatch):
        assert main(["api", "--host", "0.0.0.0"]) == 2
        assert "api-keys add" in one_line(capsys.readouterr().err.strip())
        monkeypatch.setenv("RECOGNIZER_EXPOSED", "1")
        assert main(["api"]) == 2

    def test_holds_no_part_of_an_answer_back(self):
        with (
            command._socket("127.0.0.1", 0) as listening,
            socket.create_connection(listening.getsockname()),
            listening.accept()[0] as accepted,
        ):
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
