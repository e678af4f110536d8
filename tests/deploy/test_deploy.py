"""What is in deploy/, the Dockerfile and compose.yaml say the same, and what they say is so."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePosixPath
from threading import Thread

import pytest
import yaml
from PIL import Image, ImageDraw

from benchmarks.helpers.servers import free_port, started
from recognizer.doctor import installation, settings
from recognizer.system import home as system_home

PROJECT = system_home.PROJECT
DIGEST = "@sha256:[0-9a-f]{64}"
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())
UNIT = (PROJECT / "deploy" / "recognizer.service").read_text()
CADDY = (PROJECT / "deploy" / "Caddyfile").read_text()
NGINX = (PROJECT / "deploy" / "nginx.conf").read_text()
GUIDE = (PROJECT / "docs" / "deploying.md").read_text()
APP, PROXY = COMPOSE["services"]["app"], COMPOSE["services"]["proxy"]


def instructions() -> list[tuple[str, str]]:
    """The final stage of the Dockerfile: instruction and arguments."""
    lines = re.sub(r"\\\n", " ", re.sub(r"(?m)^ *#.*\n", "", DOCKERFILE)).splitlines()
    pairs = [tuple(line.split(None, 1)) for line in lines if line.strip()]
    last = max(number for number, (name, _) in enumerate(pairs) if name == "FROM")
    return pairs[last:]


def told(name: str) -> str:
    """The arguments of an instruction that comes once."""
    (arguments,) = (given for one, given in instructions() if one == name)
    return arguments


def environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", told("ENV")))


def copied() -> list[str]:
    """What the final stage takes from the checkout."""
    sources = []
    for name, arguments in instructions():
        if name == "COPY" and "--from" not in arguments:
            sources += arguments.split()[:-1]
    return sources


def script() -> str:
    """The program that the image starts."""
    return yaml.safe_load(told("CMD"))[-1]


def unit(key: str) -> list[str]:
    return re.findall(rf"(?m)^{key}=(.*)$", UNIT)


def imported(path: Path) -> Iterator[Path]:
    """Yield the files of ours that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            file = PROJECT / (name.replace(".", "/") + ".py")
            if file.is_file():
                yield file


def needed() -> set[str]:
    """The files of ours that run: those that the program, a page or the command line imports."""
    waiting = [PROJECT / script(), PROJECT / "app.py", PROJECT / "recognizer" / "__main__.py"]
    waiting += (PROJECT / "pages").glob("*.py")
    found = set()
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += imported(file)
    return {file.relative_to(PROJECT).as_posix() for file in found}


class TestImage:
    def test_has_every_file_that_runs(self):
        files = {*needed(), ".streamlit/config.toml", "models/default", "models/compact/card.json"}
        files |= {
            "requirements.txt",
            "requirements.lock",
            "requirements-light.lock",
        }  # which the doctor compares with
        assert len(files) > 80
        missing = {
            file
            for file in files
            if not {file, *map(str, PurePosixPath(file).parents)} & set(copied())
        }
        assert not missing

    def test_nothing_else_is_sent_to_build_it(self):
        lines = (PROJECT / ".dockerignore").read_text().splitlines()
        rules = [line for line in lines if line and not line.startswith("#")]
        assert rules[0] == "*"
        assert {rule[1:] for rule in rules if rule.startswith("!")} == set(copied())

    def test_its_python_is_one_that_the_app_runs_on_and_pinned(self):
        ((version, release),) = re.findall(
            rf"(?m)^ARG PYTHON=python:((\d+\.\d+)\.\d+)-slim-\w+{DIGEST}$", DOCKERFILE
        )
        low, high = installation.PYTHONS
        assert low <= tuple(map(int, release.split("."))) <= high, version
        assert re.findall(r"(?m)^FROM (\S+)", DOCKERFILE) == ["${PYTHON}", "${PYTHON}"]

    def test_installs_only_what_is_locked_and_compiles_nothing(self):
        install = re.search(r"install --no-cache-dir[^&]*", DOCKERFILE).group()
        for option in ("--require-hashes", "--no-deps", "--only-binary :all:"):
            assert option in install
        assert "-r ${LOCK}" in install
        assert re.findall(r"(?m)^ARG LOCK=(\S+)$", DOCKERFILE) == ["requirements-light.lock"]
        assert not re.search(r"apt-get|gcc|build-essential", DOCKERFILE)

    def test_the_health_check_tells_a_server_that_answers_from_one_that_does_not(self):
        command = yaml.safe_load(told("HEALTHCHECK").partition("CMD ")[2])
        assert command[0] == "python"

        class Healthy(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/_stcore/health" else 404)
                self.end_headers()

            def log_message(self, *_):
                pass

        with HTTPServer(("127.0.0.1", 0), Healthy) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            here = command[2].replace(environment()["STREAMLIT_SERVER_PORT"], "{}")
            for port, healthy in ((server.server_port, True), (free_port(), False)):
                asked = [sys.executable, "-c", here.format(port)]
                done = subprocess.run(asked, capture_output=True, check=False)
                assert (done.returncode == 0) == healthy
            server.shutdown()

    def test_runs_from_a_folder_that_it_does_not_write_to(self, tmp_path):
        """As in the container: what is copied and no more, its environment, one place to write."""
        root, home, data = (tmp_path / name for name in ("root", "no-such-home", "data"))
        skip = shutil.ignore_patterns("__pycache__")
        for source in copied():
            target = root / source
            target.parent.mkdir(parents=True, exist_ok=True)
            if (PROJECT / source).is_dir():
                shutil.copytree(PROJECT / source, target, ignore=skip)
            else:
                shutil.copyfile(PROJECT / source, target)
        before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
        port = free_port()
        surroundings = {
            **environment(),
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "RECOGNIZER_HOME": str(data),
            "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
            "STREAMLIT_SERVER_PORT": str(port),
        }
        picture = Image.new("L", (200, 200), 255)
        ImageDraw.Draw(picture).line([(50, 40), (150, 40), (90, 170)], fill=0, width=14)
        picture.save(tmp_path / "seven.png")
        read = [sys.executable, "-m", "recognizer", "read", str(tmp_path / "seven.png")]
        done = subprocess.run(read, cwd=root, env=surroundings, capture_output=True, text=True)
        assert done.stdout.split()[1] == "7", done.stderr
        command = [sys.executable, *yaml.safe_load(told("CMD"))[1:]]
        url = f"http://127.0.0.1:{port}"
        with started(command, url, cwd=root, env=surroundings):
            assert b"<title>" in urllib.request.urlopen(url).read()
        assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
        assert not home.exists()


class TestTheySayTheSame:
    def test_the_program(self):
        started = yaml.safe_load(told("CMD"))
        assert (PROJECT / script()).is_file()
        (command,) = unit("ExecStart")
        assert command.split()[1:] == started[1:]
        assert command.split()[0].startswith(unit("WorkingDirectory")[0])

    def test_the_port(self):
        port = environment()["STREAMLIT_SERVER_PORT"]
        assert told("EXPOSE") == port
        assert f"127.0.0.1:{port}/_stcore/health" in told("HEALTHCHECK")
        assert PROXY["environment"]["APP"] == f"app:{port}"
        assert f"STREAMLIT_SERVER_PORT={port}" in unit("Environment")
        assert f"server 127.0.0.1:{port};" in NGINX
        assert f"APP=127.0.0.1:{port}" in CADDY

    def test_the_user(self):
        (uid,) = set(re.findall(r"--[ug]id (\d+)", DOCKERFILE))
        assert told("USER") == APP["user"] == f"{uid}:{uid}"
        assert re.search(rf"install -d -m 0700 -o {uid} -g {uid} ", DOCKERFILE)
        assert f"chown {uid}" in (PROJECT / "compose.yaml").read_text()
        assert f"chown {uid}" in GUIDE

    def test_where_is_written(self):
        home = environment()["RECOGNIZER_HOME"]
        assert told("VOLUME") == home
        assert APP["volumes"] == [f"home:{home}"]
        assert [mount.partition(":")[0] for mount in APP["tmpfs"]] == ["/tmp"]
        (state,) = unit("StateDirectory")
        assert f"RECOGNIZER_HOME=/var/lib/{state}" in unit("Environment")
        assert f"/var/lib/{state}" in GUIDE

    def test_how_large_an_upload_may_be(self):
        config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())
        limit = config["server"]["maxUploadSize"]
        assert re.search(rf"@upload {{\s+max_size {limit + 1}MiB", CADDY)
        assert re.search(rf"upload_file/ {{[^}}]*client_max_body_size {limit + 1}m;", NGINX)

    def test_every_environment_variable_is_read_by_someone(self):
        from streamlit.config import get_config_options

        streamlits = {option.env_var for option in get_config_options().values()}
        given = [*environment(), *APP["environment"], *re.findall(r"(?m)^Environment=(\w+)", UNIT)]
        given += re.findall(r"\b(?:RECOGNIZER|STREAMLIT)_[A-Z_]+\b", GUIDE + NGINX + CADDY)
        for name in given:
            if name.startswith("RECOGNIZER_"):
                assert settings.is_known(name), name
            elif name.startswith("STREAMLIT_"):
                assert name in streamlits, name
            else:
                assert name in ("PATH", "HOME") or name.startswith("PYTHON")

    def test_the_guide_names_every_file_and_no_other(self):
        listed = {f"deploy/{path.name}" for path in (PROJECT / "deploy").iterdir()}
        named = set(re.findall(r"deploy/[\w.]+\b", GUIDE)) - {"deploy/secrets"}
        assert named == listed - {"deploy/secrets"}

    def test_the_secret_stays_out_of_git(self):
        (file,) = (secret["file"] for secret in COMPOSE["secrets"].values())
        ignored = subprocess.run(["git", "check-ignore", "-q", file], cwd=PROJECT, check=False)
        assert ignored.returncode in (0, 128)  # 128: no git here


class TestHardening:
    @pytest.mark.parametrize("service", [APP, PROXY], ids=["app", "proxy"])
    def test_a_service_can_do_no_more_than_it_must(self, service):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"]
        assert service["pids_limit"]
        assert "privileged" not in service

    def test_only_the_proxy_can_be_reached(self):
        assert "ports" not in APP
        assert set(APP["networks"]) == {"inside"}
        assert COMPOSE["networks"]["inside"] == {"internal": True}

    def test_images_from_others_are_pinned(self):
        assert re.fullmatch(rf"caddy:\d+\.\d+\.\d+-alpine{DIGEST}", PROXY["image"])

    def test_actions_of_others_are_pinned_by_their_commit(self):
        workflows = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
        used = [one for path in workflows for one in re.findall(r"uses: (.*)", path.read_text())]
        assert used
        for one in used:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one

    def test_a_secret_is_a_file_and_not_in_the_environment(self):
        (name,) = APP["secrets"]
        assert APP["environment"]["RECOGNIZER_OPERATOR_TOKEN_FILE"] == f"/run/secrets/{name}"
        assert not any("TOKEN=" in line for line in unit("Environment"))

    def test_the_unit_is_locked_in(self):
        for setting in ("NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes"):
            assert setting in UNIT
        assert re.search(r"(?m)^CapabilityBoundingSet=$", UNIT)
        assert unit("MemoryMax")
        assert unit("TasksMax")

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
    def test_systemd_takes_the_unit(self, tmp_path):
        file = tmp_path / "recognizer.service"
        file.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        ours = [line for line in done.stderr.splitlines() if "recognizer.service" in line]
        assert ours == []
