"""What is safe without anyone setting it: what is read, what is written, and who can connect."""

import ast
import csv
import io
import pickle
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import writers
from helpers.factories import digits
from helpers.servers import SMALL_UPLOADS, Server, get, served
from helpers.streamlit_client import Session

from recognizer.datasets import library, write_digits
from recognizer.datasets.submissions import probabilities_bytes, submission_bytes
from recognizer.errors import DataError
from recognizer.system import home as system_home

SOURCES = [
    path
    for folder in ("recognizer", "pages", "serving", "tools")
    for path in sorted((system_home.PROJECT / folder).rglob("*.py"))
]
RUNS_WHAT_IT_READS = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal", "yaml"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for one


def test_nothing_that_is_read_can_hold_code():
    for node in (node for path in SOURCES for node in ast.walk(writers.parsed(path))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            assert not {name.split(".")[0] for name in names} & RUNS_WHAT_IT_READS
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.endswith(("np.load", "read_array", "numpy.load")):
                assert "allow_pickle=False" in ast.unparse(node), name
            assert name not in {"eval", "exec", "np.fromregex"}
            assert not name.endswith("load_model") or "safe_mode=True" in ast.unparse(node)


class Trap:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", ["an array of objects", "a bare pickle"])
def test_a_table_that_holds_code_is_damaged_and_runs_nothing(home, tmp_path, how):
    table = library.add(digits(20), "train.csv")
    trap, rows = Trap(tmp_path / "it ran"), home / "data" / f"{table.id}.npz"
    if how == "a bare pickle":
        rows.write_bytes(pickle.dumps(trap))
    else:
        np.savez(rows, images=np.array([trap], dtype=object), labels=np.zeros(1))
    with pytest.raises(DataError, match="is damaged"):
        library.load(table.id)
    assert not trap.path.exists()


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "..", "a/b", "a\\b", "\0", "a\nb"])
def test_a_tables_name_is_never_a_path(home, name):
    table = library.add(digits(20), name)
    files = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert files == {f"data/{table.id}.npz", f"data/{table.id}.json"}


@pytest.mark.parametrize(
    "content",
    [
        write_digits(digits(30)),
        submission_bytes(digits(30).labels),
        probabilities_bytes(np.random.default_rng(0).dirichlet(np.ones(10), 30)),
        probabilities_bytes(np.array([[np.nan, np.inf, 1e-30, 0, *[0.125] * 6]])),
    ],
    ids=["corrections", "submission", "probabilities", "odd probabilities"],
)
def test_no_cell_of_a_csv_is_a_formula(content):
    """No table that we write holds a person's text: our header, then numbers, none below 0."""
    head, *rows = csv.reader(io.StringIO(content.decode()))
    assert rows
    assert all(cell.isalnum() for cell in head)
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(FORMULA)
        float(cell)


def test_pages_take_no_model():
    """A model is published by a training alone."""
    for path in SOURCES:
        if "pages" in path.parts:
            tree = writers.parsed(path)
            named = {name for _, name in writers.references(tree, writers.imported(tree))}
            assert not named & {"publish", "put"}, path.name


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    yield from served("app.py", tmp_path_factory.mktemp("served"), SMALL_UPLOADS)


class TestAsItStarts:
    """`streamlit run app.py`, with nothing set."""

    def test_no_one_else_can_connect(self, server):
        host = socket.gethostbyname(socket.gethostname())
        if host.startswith("127."):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect(("192.0.2.1", 9))  # sends nothing: asks which way it would go
                host = probe.getsockname()[0]
        with pytest.raises(OSError, match=r"refused|unreachable"):
            socket.create_connection((host, int(server.url.rsplit(":")[-1])), timeout=5)

    def test_nothing_is_sent_home_and_everything_is_ones_own(self, server):
        session = Session(server.url)
        session.visit("train")
        assert session.config.gather_usage_stats is False
        assert "visitor" not in session.said()
        assert session.of("file_uploader")
        session.close()

    def test_uploads_need_the_pages_own_token_and_have_a_limit(self, server):
        session = Session(server.url)
        session.visit("batch")
        assert session.upload(b"x", **{"X-Xsrftoken": "wrong"})[0] == 403
        assert session.upload(b"x")[0] == 204
        [uploader] = [one.file_uploader for one in session.of("file_uploader")]
        assert uploader.max_upload_size_mb == 2, "what the page says is what the server does"
        session.close()

    def test_no_other_site_may_read_an_answer(self, server):
        request = urllib.request.Request(
            f"{server.url}/_stcore/health", headers={"Origin": "http://evil.example"}
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.headers.get("Access-Control-Allow-Origin") is None
        assert get(f"{server.url}/_stcore/health")[0] == 200

    def test_behind_a_proxy_everyone_is_a_visitor(self, server):
        """The last one: the server remembers that somebody came from elsewhere."""
        for headers in ({"X-Forwarded-For": "203.0.113.7"}, {}):
            session = Session(server.url, **headers)
            session.visit("train")
            assert "You are a visitor" in session.said()
            assert "neither an operator's token nor a login" in session.said()
            assert not session.of("file_uploader")
            session.close()
