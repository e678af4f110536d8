"""Who may do what: no action without its check, none by the wrong role, each written down."""

import ast
import inspect
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import writers
from helpers.apptest import press, run, sent
from helpers.factories import CONFIG, correction, digits, job, one_line, table_of
from streamlit.testing.v1 import AppTest

from pages.shared import actions, error_boundary, keras_process
from pages.shared.access import exposure, operator, roles, sign_in
from pages.shared.access.roles import Action, Role
from recognizer import jobs
from recognizer.audit import Decisions, decisions
from recognizer.datasets import library
from recognizer.datasets.corrections import Corrections
from recognizer.errors import RecognizerError, SettingError
from recognizer.jobs import database
from recognizer.jobs.records import State
from recognizer.models import maintenance, registry
from recognizer.system import action_log, limits
from recognizer.system import home as system_home

PAGES = sorted((system_home.PROJECT / "pages").rglob("*.py"))
TOKEN = "a token of forty characters, or nearly so"
ACTIONS = {
    name: action
    for name, action in vars(actions).items()
    if inspect.isfunction(action) and action.__module__ == actions.__name__
}
OPERATORS = {name for name, action in ACTIONS.items() if action.action not in roles._EVERYONES}


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everyone is one, on a server that others reach."""
    monkeypatch.setenv(exposure.EXPOSED, "1")


def written(file: str = action_log.FILE) -> list[dict]:
    """What a log says."""
    path = action_log.path(file)
    return (
        [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    )


class TestThePagesSource:
    def test_only_actions_name_what_writes_in_the_library(self):
        for path in PAGES:
            tree = writers.parsed(path)
            whole = [one for one in ast.walk(tree) if isinstance(one, ast.Import)]
            assert "recognizer" not in " ".join(map(ast.unparse, whole)), "name what is imported"
            named = set(writers.references(tree, writers.imported(tree))) & writers.writers()
            assert path.name == "actions.py" or not named, f"{path}: move {named} to actions.py"

    def test_corrections_are_always_those_that_one_may_see(self):
        """Everyone's are nobody's by default: the owner is named, or roles.corrections() asked."""
        asked = {"Corrections", "corrections.corrected", "test_sets.offers", "test_sets.load"}
        seen = set()
        for path in PAGES:
            for call in (
                one for one in ast.walk(writers.parsed(path)) if isinstance(one, ast.Call)
            ):
                if (name := ast.unparse(call.func)) in asked:
                    seen.add(name)
                    held_out = name == "test_sets.load" and path.name == "test_set.py"
                    owners = "owner" in [one.arg for one in call.keywords]
                    by_key = ast.unparse(call) == "test_sets.load(key)"
                    assert owners or (held_out and by_key), f"{path}: {name}"
        assert seen == asked, "the names that this test looks for"

    def test_every_function_in_actions_is_an_action(self):
        functions = writers.parsed(Path(actions.__file__)).body
        functions = {one.name: one for one in functions if isinstance(one, ast.FunctionDef)}
        assert functions.keys() == ACTIONS.keys()
        for name, function in functions.items():
            assert [ast.unparse(one.func) for one in function.decorator_list] == ["does"], name

    def test_every_action_is_done_somewhere_and_logged(self):
        assert {action.action for action in ACTIONS.values()} == set(Action)
        assert roles._DESCRIPTIONS.keys() | roles._EVERYONES == set(Action)

    def test_the_search_finds_what_writes(self):
        """The proof above is worth what the search is."""
        found = writers.writers()
        registry_, upkeep, library_ = "models.registry", "models.maintenance", "datasets.library"
        kept = "datasets.corrections"
        assert {
            *[(registry_, "promote"), ("models.publishing", "publish")],
            *[(upkeep, "delete"), (upkeep, "write_note"), (upkeep, "rename")],
            *[(library_, "add"), (library_, "remove"), ("audit.decisions", "save")],
            *[("jobs.control", name) for name in ("submit", "stop", "resume", "delete")],
            *[(kept, f"Corrections.{name}") for name in ("keep", "remove", "clear")],
        } <= found
        assert not found & {
            *[("jobs.database", "find_job"), ("jobs.database", "all_jobs"), (library_, "tables")],
            *[(upkeep, "read_note"), (registry_, "find_model"), (kept, "Corrections.count")],
            ("jobs.control", "progress"),
        }

    @pytest.mark.parametrize(
        "source",
        [
            "from recognizer.models import registry as r\nst.button(on_click=r.promote)",
            "from recognizer import jobs\njobs.stop('a')",
            "from recognizer.jobs import stop\nst.button(on_click=stop)",
            "from recognizer.datasets.corrections import Corrections as C\nC(owner=1).clear()",
        ],
    )
    def test_a_new_unguarded_action_would_be_found(self, source):
        page = ast.parse(source)
        assert set(writers.references(page, writers.imported(page))) & writers.writers()

    def test_keras_is_asked_for_nothing_that_writes_but_by_an_action(self):
        asked = {
            ast.unparse(call.args[2]).removeprefix("*(").split(",")[0]
            for path in PAGES
            for call in ast.walk(writers.parsed(path))
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "keras_process.ask"
        }
        # MNIST's answer is shown here; the question is an action
        assert asked == {"'architectures'", "'preview'", "*question", "actions.MNIST"}


ARGUMENTS = {
    "add_digits": ("train.csv", digits(20)),
    "add_corrections": (),
    "fetch_mnist": (),
    "remove_digits": ("ab" * 32,),
    "keep_decisions": ("train.csv", "ab" * 32, Decisions({1: 7})),
    "start_training": ("mine", CONFIG, ()),
    "rename": ("mine", "yours"),
}


class TestAVisitor:
    @pytest.fixture(autouse=True)
    def _nothing_reaches_the_library(self, visitor, monkeypatch):
        def reached(*_: object, **__: object) -> None:
            raise AssertionError("it was done")

        for module, name in (
            *(
                (registry, "promote"),
                (maintenance, "delete"),
                (maintenance, "rename"),
                (maintenance, "write_note"),
            ),
            *((library, "add"), (library, "remove"), (keras_process, "begin")),
            *((decisions, "save"),),
            *((jobs, "submit"), (jobs, "stop"), (jobs, "resume"), (jobs, "delete")),
        ):
            monkeypatch.setattr(module, name, reached)

    @pytest.mark.parametrize("name", sorted(OPERATORS))
    def test_is_refused_what_is_the_operators_in_words_and_in_the_log(self, name, home):
        deed = ACTIONS[name]
        with pytest.raises(roles.AccessError, match="Only the operator may") as caught:
            deed(*ARGUMENTS.get(name, ("mine",)))
        assert roles._DESCRIPTIONS[deed.action] in one_line(caught.value)
        [line] = written()
        assert (line["action"], line["outcome"]) == (deed.action, "refused")
        assert line["role"] == "visitor"
        assert {path.name for path in home.iterdir()} == {"logs"}, "nothing else was touched"


def test_alone_on_ones_own_machine_everything_is_allowed(home):
    assert roles.who() == roles.Who(Role.LOCAL, "local")
    assert all(roles.may(action) for action in Action)
    actions.add_digits("train.csv", digits(20))
    assert len(library.tables()) == 1
    [line] = written()
    assert (line["action"], line["target"], line["outcome"]) == ("add-digits", "train.csv", "done")


class TestExposed:
    """Forgetting a setting must never make a stranger the operator."""

    def is_local(self, monkeypatch, headers: dict, peer: str | None) -> bool:
        monkeypatch.setattr(exposure, "connection", lambda: (headers, peer))
        monkeypatch.setattr(exposure, "_came_from_elsewhere", threading.Event())
        return exposure.is_local()

    @pytest.mark.parametrize(
        "host", ["localhost:8501", "LOCALHOST", "127.0.0.1:8501", "127.1.2.3", "[::1]:8501"]
    )
    def test_a_browser_on_this_machine_is_local(self, monkeypatch, host):
        assert self.is_local(monkeypatch, {"Host": host, "Origin": f"http://{host}"}, None)
        assert self.is_local(monkeypatch, {"Host": host}, "127.0.0.1"), "no browser says no origin"

    @pytest.mark.parametrize(
        ("changed", "peer"),
        [
            ({"Host": "digits.example.org"}, None),  # a proxy on this machine, or DNS rebinding
            ({"Host": "192.168.1.7:8501"}, None),
            ({"Host": "localhost", "Cdn-Loop": "cloudflare"}, None),
            ({"Host": "localhost", "X-Amzn-Trace-Id": "Root=1"}, None),
            ({"Host": "localhost.example.org"}, None),
            ({"Host": "127.0.0.1.example.org"}, None),
            ({"Host": "localhost@example.org"}, None),
            ({"Host": ""}, None),
            ({"Host": "["}, None),
            ({"Origin": "https://digits.example.org"}, None),  # a proxy that rewrites the host
            ({"Origin": "null"}, None),
            ({"X-Forwarded-For": "127.0.0.1"}, None),
            ({"X-Forwarded-Proto": "https"}, None),
            ({"X-Real-Ip": "127.0.0.1"}, None),
            ({"Forwarded": "for=127.0.0.1"}, None),
            ({"Via": "1.1 proxy"}, None),
            ({"Cf-Connecting-Ip": "127.0.0.1"}, None),
            ({}, "192.168.1.20"),
            ({}, "::ffff:192.168.1.20"),
        ],
    )
    def test_whatever_comes_from_elsewhere_is_not(self, monkeypatch, changed, peer):
        assert self.is_local(monkeypatch, HERE, None)
        assert not self.is_local(monkeypatch, {**HERE, **changed}, peer)

    def test_a_session_of_which_nothing_is_known_is_not(self, monkeypatch):
        """Who sends a message and hangs up before it is read has no headers any more."""
        assert not self.is_local(monkeypatch, {}, None)

    def test_after_one_visit_from_elsewhere_nobody_is_any_more(self, monkeypatch):
        monkeypatch.setattr(exposure, "connection", lambda: ({"Host": "example.org"}, None))
        assert not exposure.is_local()
        monkeypatch.setattr(exposure, "connection", lambda: (HERE, None))
        assert not exposure.is_local()

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("server.address", "0.0.0.0"),
            ("server.address", "192.168.1.7"),
            ("server.address", None),
            ("server.enableCORS", False),
            ("server.enableXsrfProtection", False),
            ("server.corsAllowedOrigins", ["https://digits.example.org"]),
            ("server.baseUrlPath", "digits"),
            ("server.trustedUserHeaders", {"X-User": "email"}),
            ("browser.serverAddress", "digits.example.org"),
        ],
    )
    def test_nobody_is_where_the_server_is_set_up_for_others(self, monkeypatch, option, value):
        real = exposure.st.get_option
        monkeypatch.setattr(
            exposure.st, "get_option", lambda name: value if name == option else real(name)
        )
        assert not exposure.is_local()

    @pytest.mark.parametrize(
        "name", [exposure.EXPOSED, exposure.TOKEN, exposure.TOKEN_FILE, exposure.OPERATORS]
    )
    def test_nobody_is_where_operators_are_told_apart(self, monkeypatch, name):
        monkeypatch.setenv(name, "anything")
        assert not exposure.is_local()
        assert roles.who().role == Role.VISITOR

    def test_nobody_is_where_a_login_is_set_up(self, monkeypatch):
        monkeypatch.setattr(exposure.st, "secrets", {"auth": {"client_id": "x"}})
        assert not exposure.is_local()

    def test_exposed_without_any_setting_everyone_is_a_visitor_and_told_why(self, visitor):
        assert roles.who().role == Role.VISITOR
        assert "neither an operator's token nor a login" in operator.how_to_become()


class User(dict):
    """What st.user is after st.login."""

    is_logged_in = True

    def to_dict(self) -> dict:
        return dict(self)


SIGNED_IN = {"is_logged_in": True, "email": "ada@example.org", "email_verified": True}
HERE = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


class TestAnAddress:
    @pytest.fixture(autouse=True)
    def _listed(self, monkeypatch):
        monkeypatch.setenv(exposure.OPERATORS, " grace@example.org , Ada@Example.org ")

    def role(self, monkeypatch, **changed: object) -> Role:
        user = User({**SIGNED_IN, **changed})
        monkeypatch.setattr(roles.st, "user", user)
        return roles.who().role

    def test_that_is_listed_and_verified_is_the_operators(self, monkeypatch):
        assert self.role(monkeypatch) == Role.OPERATOR
        assert roles.who().name == "ada@example.org"

    @pytest.mark.parametrize(
        "changed",
        [
            {"is_logged_in": False},
            {"email_verified": False},
            {"email_verified": None},
            {"email_verified": "true"},  # from a header, not from a provider
            {"email": "eve@example.org"},
            {"email": "ada@example.org.evil.example"},
            {"email": ""},
            {"email": None},
            {"email": ["ada@example.org"]},
        ],
    )
    def test_that_is_not_is_a_visitors(self, monkeypatch, changed):
        assert self.role(monkeypatch, **changed) == Role.VISITOR

    def test_nobody_is_listed_in_an_empty_list(self, monkeypatch):
        monkeypatch.setenv(exposure.OPERATORS, " , ")
        monkeypatch.setenv(exposure.EXPOSED, "1")
        assert self.role(monkeypatch, email="") == Role.VISITOR


class TestTheToken:
    def test_is_kept_for_the_session_until_another_takes_its_place(self, monkeypatch):
        monkeypatch.setenv(exposure.TOKEN, TOKEN)
        monkeypatch.setattr(roles.st, "session_state", {})
        assert not operator.keep_signed_in("wrong")
        assert roles.who().role == Role.VISITOR
        assert operator.keep_signed_in(f" {TOKEN}\n")
        assert roles.who() == roles.Who(Role.OPERATOR, "token")
        monkeypatch.setenv(exposure.TOKEN, TOKEN[::-1])
        assert roles.who().role == Role.VISITOR

    def test_can_lie_in_a_file(self, monkeypatch, tmp_path):
        (tmp_path / "token").write_text(TOKEN + "\n")
        monkeypatch.setenv(exposure.TOKEN_FILE, str(tmp_path / "token"))
        assert operator.token() == TOKEN

    @pytest.mark.parametrize("content", ["", " \n", "short", None])
    def test_that_is_none_is_told_and_nobody_is_the_operator(self, monkeypatch, tmp_path, content):
        path = tmp_path / "token"
        if content is not None:
            path.write_text(content)
        monkeypatch.setenv(exposure.TOKEN_FILE, str(path))
        monkeypatch.setattr(roles.st, "session_state", {})
        with pytest.raises(SettingError) as caught:
            operator.token()
        one_line(caught.value)
        with pytest.raises(SettingError):
            operator.keep_signed_in(content or "")
        assert roles.who().role == Role.VISITOR
        with pytest.raises(roles.AccessError):
            actions.promote("mine")

    def test_without_one_an_empty_one_signs_nobody_in(self, monkeypatch, visitor):
        monkeypatch.setattr(roles.st, "session_state", {})
        assert not operator.keep_signed_in("")
        assert roles.who().role == Role.VISITOR

    def test_the_length_is_counted_without_its_blanks(self, monkeypatch):
        monkeypatch.setenv(exposure.TOKEN, "short" + " " * 40)
        with pytest.raises(SettingError, match="has 5 characters"):
            operator.token()

    def test_ten_wrong_ones_in_a_minute_close_the_door_for_the_rest_of_it(self):
        now = [100.0]
        tries = sign_in.Tries(lambda: now[0])
        for _ in range(sign_in.TRIES):
            assert tries.wait() == 0
            tries.note_wrong()
            now[0] += 1
        assert tries.wait() == sign_in.SECONDS - sign_in.TRIES
        now[0] += tries.wait()
        assert tries.wait() == 0


APP = str(system_home.PROJECT / "app.py")


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.success, app.warning, app.error)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


class TestSigningIn:
    @pytest.fixture
    def app(self, monkeypatch) -> AppTest:
        monkeypatch.setenv(exposure.TOKEN, TOKEN)
        return AppTest.from_file(APP, default_timeout=30)

    def sign_in(self, app: AppTest, token: str) -> AppTest:
        next(one for one in app.text_input if "token" in one.label).set_value(token)
        return press(app, "Sign in")

    def test_makes_of_a_visitor_the_operator_and_back(self, app):
        assert "You are a visitor" in said(run(app))
        assert "You are the operator" in said(self.sign_in(app, TOKEN))
        assert not app.text_input, "the token is on the page no longer"
        assert "You are a visitor" in said(press(app, "Sign out"))
        lines = [(line["action"], line["outcome"], line["role"]) for line in written()]
        assert lines == [("sign-in", "done", "operator"), ("sign-out", "done", "operator")]
        assert TOKEN not in action_log.path().read_text()

    def test_holds_for_one_connection(self, app, monkeypatch):
        def connected(key: str) -> None:
            headers = {"Host": "localhost:8501", "Sec-Websocket-Key": key}
            monkeypatch.setattr(exposure, "connection", lambda: (headers, None))

        connected("one")
        self.sign_in(run(app), TOKEN)
        assert "You are the operator" in said(run(app))
        connected("another")
        assert "You are a visitor" in said(run(app))

    def test_ends_in_open_tabs_as_soon_as_the_file_holds_another_token(
        self, app, monkeypatch, tmp_path
    ):
        file = tmp_path / "token"
        file.write_text(TOKEN)
        monkeypatch.delenv(exposure.TOKEN)
        monkeypatch.setenv(exposure.TOKEN_FILE, str(file))
        looks = []

        def fragment(part: Callable, **options: float) -> Callable:
            looks.append((part, options))
            return part

        monkeypatch.setattr(error_boundary, "fragment", fragment)
        self.sign_in(run(app), TOKEN)
        assert looks[-1] == (sign_in._end_with_token, {"run_every": sign_in.LOOK_SECONDS})
        file.write_text(TOKEN + "!")
        reruns = []
        monkeypatch.setattr(sign_in.st, "rerun", lambda: reruns.append(1))
        with monkeypatch.context() as known:
            known.setattr(sign_in.operator, "knows_token", lambda: True)
            sign_in._end_with_token()
            assert not reruns
        sign_in._end_with_token()
        assert reruns
        assert "You are a visitor" in said(run(app))

    def test_a_download_that_was_offered_under_another_token_is_refused(self, monkeypatch):
        monkeypatch.setenv(exposure.TOKEN, TOKEN)
        monkeypatch.setattr(operator, "knows_token", lambda: True)
        monkeypatch.setattr(maintenance, "delete", lambda name: None)
        offered = actions.delete_model.later("mine")
        offered()
        monkeypatch.setenv(exposure.TOKEN, TOKEN + "!")
        with pytest.raises(roles.AccessError):
            offered()

    def test_a_wrong_token_is_told_and_logged_and_after_ten_none_is_looked_at(self, app):
        run(app)
        for _ in range(sign_in.TRIES):
            assert "not the operator's token" in said(self.sign_in(app, "a guess"))
        assert "Too many wrong tokens" in said(self.sign_in(app, TOKEN)), "not even the right one"
        assert {line["outcome"] for line in written()} == {"refused"}
        assert "a guess" not in action_log.path().read_text()

    def test_nothing_of_it_is_shown_on_ones_own_machine(self, monkeypatch):
        app = run(AppTest.from_file(APP, default_timeout=30))
        assert "visitor" not in said(app)
        assert "Sign in" not in [button.label for button in app.button]


class TestReplaying:
    """A page was opened as the operator; what it sends later comes from a visitor."""

    @pytest.fixture(autouse=True)
    def _no_children(self, monkeypatch):
        monkeypatch.setattr(keras_process, "ask", lambda *_, **__: None)

    @pytest.fixture
    def revoke(self, monkeypatch) -> Callable[[], None]:
        return lambda: monkeypatch.setenv(exposure.EXPOSED, "1")

    def page(self, monkeypatch, name: str, **address: str) -> AppTest:
        monkeypatch.setattr("pages.shared.layout.guard", lambda page: True)
        app = AppTest.from_file(
            str(system_home.PROJECT / "pages" / f"{name}.py"), default_timeout=60
        )
        for key, value in address.items():
            app.query_params[key] = value
        return run(app)

    def refused(self, app: AppTest, action: Action) -> None:
        assert "Only the operator may" in said(app)
        assert [(line["action"], line["outcome"]) for line in written()] == [(action, "refused")]

    @pytest.mark.parametrize(
        ("label", "action"),
        [
            ("Make mine the default", Action.PROMOTE),
            ("Rename it", Action.RENAME),
            ("Delete it", Action.DELETE_MODEL),
        ],
    )
    def test_changes_no_model(self, monkeypatch, home, two_block, revoke, label, action):
        shutil.copytree(two_block, home / "models" / "mine")
        before = registry.list_models()
        app = self.page(monkeypatch, "compare", do="manage-a-model", model="mine")
        revoke()
        self.refused(press(app, label), action)
        assert registry.list_models() == before
        assert label not in [button.label for button in app.button], "and it is not offered again"

    def test_writes_no_note(self, monkeypatch, two_block, revoke):
        app = self.page(monkeypatch, "compare", do="manage-a-model", model="two-block")
        revoke()
        app.text_area[0].set_value("Eve was here")
        self.refused(run(app), Action.NOTE)
        assert maintenance.read_note(registry.find_model("two-block")) == ""

    @pytest.mark.parametrize(
        ("label", "action"),
        [
            ("Start training", Action.TRAIN),
            ("Remove them", Action.REMOVE_DIGITS),
            ("Fetch MNIST", Action.ADD_DIGITS),
            ("Use the drawing you corrected", Action.ADD_DIGITS),
        ],
    )
    def test_prepares_and_starts_no_training(self, monkeypatch, revoke, label, action):
        library.add(digits(300), "train.csv")
        Corrections().keep(correction(1))
        app = self.page(monkeypatch, "train")
        revoke()
        press(app, label)
        assert [(line["action"], line["outcome"]) for line in written()] == [(action, "refused")]
        assert [table.name for table in library.tables()] == ["train.csv"]
        assert database.all_jobs() == ()

    def test_brings_no_digits(self, monkeypatch, revoke):
        app = self.page(monkeypatch, "train")
        app.file_uploader[0].set_value(("train.csv", table_of(digits(20)), "text/csv"))
        revoke()
        run(app)
        assert library.tables() == ()
        assert not app.file_uploader

    @pytest.mark.parametrize(
        ("state", "label", "action"),
        [
            (State.RUNNING, "Stop it", Action.STOP_TRAINING),
            (State.FAILED, "Resume", Action.RESUME_TRAINING),
            (State.FAILED, "Delete it", Action.DELETE_TRAINING),
        ],
    )
    def test_changes_no_training(self, monkeypatch, revoke, state, label, action):
        monkeypatch.setattr("recognizer.jobs.folders.is_alive", lambda _: True)
        database.insert(job(state=state))
        before = database.all_jobs()
        app = self.page(monkeypatch, "train", job=before[0].id)
        revoke()
        press(app, label)
        assert "Only the operator may" in said(app)
        assert written()[0]["outcome"] == "refused"
        assert written()[0]["action"] == action
        assert database.all_jobs() == before

    def test_a_visitor_watches_a_training_without_its_buttons_and_its_log(
        self, monkeypatch, visitor
    ):
        monkeypatch.setattr("recognizer.jobs.folders.is_alive", lambda _: True)
        database.insert(job())
        app = self.page(monkeypatch, "train", job=job().id)
        labels = {button.label for button in app.button}
        assert not labels & {"Stop it", "Resume", "Delete it", "Make mine the default"}
        assert "Starting" in said(app) or "Training" in said(app)
        assert not app.code

    def test_a_visitor_of_the_train_page_is_told_who_trains(self, monkeypatch, visitor):
        app = self.page(monkeypatch, "train")
        assert "the operator trains" in app.info[0].value
        assert "None runs now" in app.info[0].value
        assert not app.file_uploader

    def test_a_visitor_of_the_train_page_is_led_to_the_training_that_runs(
        self, monkeypatch, visitor
    ):
        monkeypatch.setattr("recognizer.jobs.folders.is_alive", lambda _: True)
        database.insert(job())
        app = self.page(monkeypatch, "train")
        assert "None runs now" not in app.info[0].value
        assert f"Watch {job().name} learn" in {button.label for button in app.button}

    def test_no_folder_of_the_server_is_shown_to_a_visitor(self, monkeypatch, visitor, two_block):
        app = self.page(monkeypatch, "compare", do="manage-a-model", model="two-block")
        shown = said(app) + "".join(one.proto.body for one in app.get("html"))
        assert str(system_home.PROJECT) not in shown
        assert str(system_home.folder()) not in shown


class TestCorrections:
    def test_a_visitor_sees_exports_and_deletes_only_those_of_the_session(
        self, monkeypatch, visitor
    ):
        Corrections().keep(correction(1))
        Corrections(owner="another").keep(correction(2))
        monkeypatch.setattr(roles.st, "session_state", {})
        actions.keep_correction("two-block", correction(3), "mine")
        assert roles.corrections().count() == 1
        table = actions.export_corrections(roles.corrections())
        assert table.count(b"\n") == 2, "a header and a row"
        actions.delete_corrections()
        assert roles.corrections().count() == 0
        assert Corrections().digits().labels.tolist() == [1, 2]

    def test_a_visitor_takes_back_no_one_elses(self, visitor):
        Corrections(owner="another").keep(correction(2))
        actions.take_back_correction("two-block", correction(2).id, "mine")
        assert Corrections().count() == 1

    def test_two_sessions_are_two_visitors(self, monkeypatch, visitor):
        names = set()
        for _ in range(2):
            monkeypatch.setattr(roles.st, "session_state", {})
            names |= {roles.owner(), roles.owner()}
        assert len(names) == 2

    def test_the_operator_sees_all(self):
        Corrections(owner="another").keep(correction(2))
        assert roles.corrections().count() == 1
        actions.delete_corrections()
        assert Corrections().count() == 0

    def test_a_download_is_done_by_who_saw_its_button(self, monkeypatch, visitor):
        """Streamlit calls for its content outside of any session, where everyone is a stranger."""
        monkeypatch.setattr(roles.st, "session_state", {})
        actions.keep_correction("two-block", correction(3), "mine")
        download = actions.export_corrections.later(roles.corrections())
        mine = roles.owner()
        monkeypatch.setattr(roles.st, "session_state", {})
        assert download().count(b"\n") == 2
        assert (written()[-1]["who"], written()[-1]["action"]) == (mine, "export-corrections")

    def test_what_is_done_later_is_checked_all_the_same(self, visitor):
        with pytest.raises(roles.AccessError):
            actions.delete_model.later("mine")()

    def test_the_log_tells_no_label_and_nothing_of_the_drawing(self, visitor):
        actions.keep_correction("two-block", correction(3), "mine")
        [line] = written()
        assert line["target"] == "two-block"
        assert line.keys() == {"time", "role", "who", "action", "target", "outcome"}
        assert correction(3).id not in str(line)


class TestPathsOfTheServer:
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ("{home}/jobs.db cannot be used", "RECOGNIZER_HOME/jobs.db cannot be used"),
            ("written in {home} (full)", "written in RECOGNIZER_HOME (full)"),
            (
                "Cannot read {project}/models/a/card.json.",
                "Cannot read the app's folder/models/a/card.json.",
            ),
            ("/var/lib/private/secret.db: locked", "secret.db: locked"),
            ("(/tmp/tmpab12/upload.csv)", "(upload.csv)"),
            ("3/4 of it, and/or see /train", "3/4 of it, and/or see /train"),
        ],
    )
    def test_are_left_out_of_a_sentence(self, home, said, told):
        said = said.format(home=home, project=system_home.PROJECT)
        assert system_home.without_paths(said) == told

    @pytest.mark.parametrize("exposed", [True, False])
    def test_are_shown_to_the_operator_only(self, monkeypatch, home, exposed):
        if exposed:
            monkeypatch.setenv(exposure.EXPOSED, "1")
        home.mkdir()
        (home / "models").write_text("no folder")
        (home / "corrections.db").write_text("no database" * 100)
        app = AppTest.from_file(APP, default_timeout=30)
        app.session_state["canvas"] = sent()
        run(app)
        problems = [one.value.replace("\\", "") for one in (*app.error, *app.warning)]
        assert problems
        assert any(str(home) in one for one in problems) != exposed
        assert any("RECOGNIZER_HOME/corrections.db" in one for one in problems) == exposed


class TestFaults:
    def test_are_told_by_a_reference_that_the_log_has_and_nothing_else(self, monkeypatch):
        def fault(_: str) -> None:
            raise ZeroDivisionError("a secret of the server's")

        monkeypatch.setattr(registry, "promote", fault)
        with pytest.raises(roles.FaultError) as caught:
            actions.promote("mine")
        [line] = written(action_log.FAULTS)
        assert line["outcome"] == "fault"
        assert line["reference"] in one_line(caught.value)
        assert "ZeroDivision" not in str(caught.value)
        assert line["kind"] == "ZeroDivisionError"
        assert line["where"][-1].endswith(" fault")
        assert "secret" not in str(line)

    def test_of_a_page_are_told_so_too(self, monkeypatch):
        monkeypatch.setattr(sign_in, "show", lambda: 1 / 0)
        app = AppTest.from_file(APP, default_timeout=30)
        app.run()
        assert not app.exception
        [line] = written(action_log.FAULTS)
        assert line["reference"] in app.error[-1].value
        assert "division" not in app.error[-1].value

    def test_however_many_push_nothing_out_of_the_log_of_actions(self, monkeypatch):
        actions.keep_correction("two-block", correction(3), "mine")
        before = written()
        monkeypatch.setattr(registry, "promote", lambda name: 1 / 0)
        told = []
        for _ in range(200):
            with pytest.raises(roles.FaultError) as caught:
                actions.promote("mine")
            told.append(str(caught.value))
        assert written() == before
        lines = written(action_log.FAULTS)
        assert len(lines) == action_log.ALIKE
        assert lines[-1]["reference"] in told[-1], "the last of its kind that was written down"

    def test_nor_does_what_a_visitor_is_refused_again_and_again(self, visitor, monkeypatch):
        for _ in range(200):
            with pytest.raises(roles.AccessError):
                actions.delete_model("mine")
        assert len(written()) == 10
        monkeypatch.setattr(limits, "current", lambda: limits.Limits(session_corrections=0))
        for _ in range(20):
            with pytest.raises(RecognizerError):
                actions.keep_correction("two-block", correction(3), "mine")
        assert len(written()) == 10, "nor what fails"

    def test_a_mistake_of_the_persons_is_written_down_with_its_reason(self):
        with pytest.raises(RecognizerError):
            actions.promote("no-such-model")
        [line] = written()
        assert line["outcome"] == "failed"
        assert "no-such-model" in line["reason"]

    def test_of_a_part_that_runs_without_app_py_are_told_too(self):
        def page() -> None:
            from pages.shared import error_boundary

            error_boundary.fragment(lambda: 1 / 0)()

        app = AppTest.from_function(page, default_timeout=30)
        app.run()
        assert not app.exception
        [line] = written(action_log.FAULTS)
        assert line["reference"] in app.error[-1].value

    def test_every_fragment_reports_its_own_errors(self):
        for path in PAGES:
            bare = "fragment" in [
                one.attr
                for one in ast.walk(writers.parsed(path))
                if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "st"
            ]
            assert not bare or path.name == "error_boundary.py", f"{path}: error_boundary.fragment"
