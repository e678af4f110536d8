"""The two commands: what `make setup` does with the Pythons that it meets, and what it installs."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = (
    *("requirements.lock", "requirements-cluster.lock", "requirements-login.lock"),
    "requirements-test.lock",
)
LIGHT = "requirements-light.lock"  # of requirements.txt too

needs_make = pytest.mark.skipif(
    shutil.which("make") is None, reason="make is not installed (Windows uses pip, see README.md)"
)

# Answers the script's question, makes a "venv" of a copy of itself, notes what pip is asked.
FAKE_PYTHON = """#!/bin/sh
case "$1 $2" in
"-c "*) echo "{version} {machine} {venv}" ;;
"-m venv") mkdir -p "$3/bin" "$3/lib/python{minor}/site-packages" && cp "$0" "$3/bin/python" ;;
"-m pip") echo "$*" >>pip.log; exit {pip_exit} ;;
esac
"""


class Machine:
    """A checkout in a folder of its own, and a PATH with nothing but what a test puts on it."""

    def __init__(self, folder: Path):
        self.checkout = folder / "a checkout"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in ("make", "sh", "uname", "dirname", "mkdir", "rm", "cp", "cmp"):
            (self.bin / tool).symlink_to(shutil.which(tool))
        (self.checkout / "tools").mkdir(parents=True)
        for name in ("Makefile", "tools/setup.sh"):
            shutil.copy(PROJECT / name, self.checkout / name)
        for name in (*LOCKS, LIGHT):
            (self.checkout / name).write_text("# empty\n")

    def command(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def python(self, name, version, *, machine="x86_64", venv="venv", pip_exit=0) -> Path:
        minor = version.rpartition(".")[0]
        text = FAKE_PYTHON.format(
            version=version, minor=minor, machine=machine, venv=venv, pip_exit=pip_exit
        )
        return self.command(name, text)

    def make(self, target="setup", **environment) -> subprocess.CompletedProcess:
        environment = {"PATH": str(self.bin), "LC_ALL": "C", **environment}
        command = ["make", target]
        return subprocess.run(
            command, cwd=self.checkout, env=environment, capture_output=True, text=True, timeout=60
        )

    @property
    def installs(self) -> list[str]:
        """What pip was asked to install, a line a call."""
        log = self.checkout / "pip.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def refusal(result: subprocess.CompletedProcess) -> str:
    """Return the one line of a refused setup, without make's own Error line."""
    assert result.returncode != 0
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1, result.stderr
    return lines[0]


@needs_make
class TestChoosingAPython:
    @pytest.mark.parametrize(
        ("version", "age"),
        [("2.7.18", "too old"), ("3.9.6", "too old"), ("3.10.13", "too old")]
        + [("3.14.0", "too new"), ("4.0.0", "too new")],
    )
    def test_an_unfit_python_ends_in_one_clear_line(self, machine, version, age):
        machine.python("python3", version)
        line = refusal(machine.make())
        assert "needs Python 3.11 to 3.13" in line
        assert f"python3 is {version} ({age})" in line

    def test_no_python_ends_in_one_clear_line(self, machine):
        line = refusal(machine.make())
        assert "needs Python 3.11 to 3.13" in line
        assert "python3-venv" in line

    def test_a_python_without_ensurepip_names_the_package_to_install(self, machine):
        machine.python("python3", "3.11.2", venv="none")
        assert "sudo apt install python3-venv" in refusal(machine.make())

    def test_another_python_without_ensurepip_names_its_own_package(self, machine):
        machine.python("python3", "3.10.12")
        machine.python("python3.12", "3.12.4", venv="none")
        assert "sudo apt install python3.12-venv" in refusal(machine.make())

    def test_a_python_for_intel_macs_is_refused(self, machine):
        machine.command("uname", "#!/bin/sh\necho Darwin\n")
        machine.python("python3", "3.12.1", machine="x86_64")
        assert "Intel Macs" in refusal(machine.make())

    def test_a_python_for_apple_silicon_is_taken(self, machine):
        machine.command("uname", "#!/bin/sh\necho Darwin\n")
        machine.python("python3", "3.12.1", machine="arm64")
        assert machine.make().returncode == 0

    def test_a_pyenv_shim_without_a_python_is_passed_over(self, machine):
        machine.command("python3.13", "#!/bin/sh\necho 'pyenv: not found' >&2\nexit 127\n")
        machine.python("python3", "3.14.0")
        machine.python("python3.12", "3.12.1")
        result = machine.make()
        assert result.returncode == 0, result.stderr
        assert "python3.12 (Python 3.12.1)" in result.stdout

    @pytest.mark.parametrize("version", ["3.11.0", "3.12.1", "3.13.9"])
    def test_the_users_own_python3_comes_first(self, machine, version):
        machine.python("python3", version)
        machine.python("python3.13", "3.13.0")
        assert f"with python3 (Python {version})" in machine.make().stdout

    def test_PYTHON_overrides_the_search(self, machine):
        machine.python("python3", "3.11.0")
        mine = machine.python("mine", "3.13.2")
        assert f"with {mine} (Python 3.13.2)" in machine.make(PYTHON=str(mine)).stdout

    def test_an_unfit_PYTHON_is_refused_though_another_would_do(self, machine):
        machine.python("python3", "3.11.0")
        machine.python("mine", "3.14.0")
        assert "mine is 3.14.0 (too new)" in refusal(machine.make(PYTHON="mine"))

    def test_a_PYTHON_that_does_not_run_is_named(self, machine):
        machine.python("python3", "3.11.0")
        assert "/nowhere/python is missing or does not run" in refusal(
            machine.make(PYTHON="/nowhere/python")
        )


@needs_make
class TestInstalling:
    @pytest.fixture(autouse=True)
    def _python(self, machine):
        machine.python("python3", "3.12.1")

    def test_the_second_run_does_nothing_and_says_nothing(self, machine):
        machine.make()
        again = machine.make()
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
        assert len(machine.installs) == 1

    def test_installs_from_the_lock_with_hashes_and_builds_nothing(self, machine):
        machine.make()
        [install] = machine.installs
        assert "-r requirements.lock" in install
        assert "--require-hashes" in install
        assert "--only-binary :all:" in install
        assert "requirements-test.lock" not in install
        assert "requirements-cluster.lock" not in install

    def test_light_leaves_out_what_trains_until_it_is_asked_for(self, machine):
        assert "1 GB" in machine.make(LIGHT="1").stdout
        machine.make(LIGHT="1")
        machine.make()
        light, whole = machine.installs
        assert f"-r {LIGHT}" in light
        assert "-r requirements.lock" in whole

    def test_a_changed_lock_is_installed_again(self, machine):
        machine.make()
        (machine.checkout / "requirements.lock").write_text("# changed\n")
        machine.make()
        machine.make()
        assert len(machine.installs) == 2

    def test_tests_add_their_own_lock(self, machine):
        machine.make("setup")
        machine.make("setup-test")
        for lock in LOCKS:
            assert (f"-r {lock}" in machine.installs[1]) == (lock != "requirements-login.lock")

    @pytest.mark.parametrize("extra", ["cluster", "login"])
    def test_an_extra_adds_its_own_lock(self, machine, extra):
        machine.make(extra)
        assert f"-r requirements-{extra}.lock" in machine.installs[-1]
        assert "requirements-test.lock" not in machine.installs[-1]

    def test_a_failed_install_says_so_and_is_tried_again(self, machine):
        machine.python("python3", "3.12.1", pip_exit=1)
        result = machine.make()
        assert result.returncode != 0
        assert "setup: installing failed" in result.stderr
        assert machine.make().returncode != 0
        assert len(machine.installs) == 2

    def test_going_back_to_the_old_lock_after_a_failed_install_installs_it_again(self, machine):
        lock = machine.checkout / "requirements.lock"
        old, venv_python = lock.read_text(), machine.checkout / ".venv" / "bin" / "python"
        machine.make()
        lock.write_text("# changed\n")
        venv_python.write_text(venv_python.read_text().replace("exit 0", "exit 1"))
        assert machine.make().returncode != 0
        lock.write_text(old)
        machine.make()
        assert len(machine.installs) == 3

    def test_a_venv_torn_by_an_interruption_is_made_anew(self, machine):
        machine.make()
        (machine.checkout / ".venv" / ".unfinished").touch()
        assert "making .venv" in machine.make().stdout
        assert machine.make().stdout == ""

    def test_a_venv_that_could_not_be_made_is_not_taken(self, machine):
        good = (machine.bin / "python3").read_text()
        machine.command("python3", good.replace('cp "$0" "$3/bin/python"', "exit 1"))
        assert "-m venv .venv failed" in machine.make().stderr
        machine.command("python3", good)
        assert "making .venv" in machine.make().stdout

    def test_a_venv_whose_python_is_gone_is_made_anew(self, machine):
        machine.make()
        python = machine.checkout / ".venv" / "bin" / "python"
        python.unlink()
        python.symlink_to("/nowhere/python3.12")
        assert "making .venv" in machine.make().stdout

    def test_a_venv_whose_python_was_upgraded_is_made_anew(self, machine):
        machine.make()
        machine.python("python3", "3.13.1")
        shutil.copy(machine.bin / "python3", machine.checkout / ".venv" / "bin" / "python")
        assert "making .venv with python3 (Python 3.13.1)" in machine.make().stdout

    def test_another_PYTHON_makes_the_venv_anew(self, machine):
        machine.make()
        machine.python("mine", "3.13.2")
        assert "making .venv with mine" in machine.make(PYTHON="mine").stdout

    def test_an_unfit_PYTHON_leaves_the_venv_alone(self, machine):
        machine.make()
        machine.python("mine", "3.9.2")
        refusal(machine.make(PYTHON="mine"))
        assert machine.make().stdout == ""

    def test_works_with_a_real_python(self, machine):
        result = machine.make(PYTHON=sys.executable)
        assert result.returncode == 0, result.stderr
        assert (machine.checkout / ".venv" / "bin" / "pip").exists()


@needs_make
def test_help_lists_every_target():
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    listed = subprocess.run(
        ["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert set(re.findall(r"^make (\S+) +\S", listed, re.MULTILINE)) == targets
    assert targets == {
        *("help", "setup", "cluster", "run", "test", "soak", "fuzz", "lint", "format", "bench"),
        *("lock", "audit", "clean", "login", "serve", "check", "screenshots"),
    }


def pins(name: str) -> dict[str, str]:
    """Return the pinned version by package of a requirements or lock file."""
    return dict(re.findall(r"^([\w-]+)==([\w.]+)", (PROJECT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", [lock.removesuffix(".lock") for lock in LOCKS])
class TestRequirements:
    def test_every_line_is_a_pin_under_its_reason(self, name):
        lines = (PROJECT / f"{name}.txt").read_text().splitlines()
        previous = ""
        for line in filter(None, lines):
            if not line.startswith("#"):
                assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line)
                assert previous.startswith("# "), f"{line} says not what it is for"
            previous = line

    def test_the_lock_holds_every_pin(self, name):
        direct, locked = pins(f"{name}.txt"), pins(f"{name}.lock")
        assert direct
        assert direct.items() <= locked.items(), "run make lock"

    def test_the_lock_names_no_host_and_no_path(self, name):
        text = (PROJECT / f"{name}.lock").read_text()
        assert not re.search(r"://|file:|find-links|index-url|@ | \.{0,2}/", text)

    def test_every_locked_package_has_hashes(self, name):
        text = (PROJECT / f"{name}.lock").read_text().replace("\\\n", "")
        packages = [line for line in text.splitlines() if not line.startswith("#")]
        assert all(re.search(r"==\S+.* --hash=sha256:[0-9a-f]{64}", line) for line in packages)


@pytest.mark.parametrize("pair", list(itertools.combinations((*LOCKS, LIGHT), 2)))
def test_the_locks_agree(pair):
    first, second = (pins(name) for name in pair)
    shared = first.keys() & second.keys()
    assert {name: first[name] for name in shared} == {name: second[name] for name in shared}


def test_the_app_does_not_install_what_only_tests_need():
    assert not pins("requirements-test.txt").keys() & pins("requirements.lock").keys()


def test_the_app_does_not_install_dask():
    extra = pins("requirements-cluster.txt").keys() & pins("requirements.lock").keys()
    assert extra <= {"pyarrow"}, "which Streamlit brings"


def test_ci_can_be_run_and_is_valid_bash():
    script = PROJECT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    if bash := shutil.which("bash"):
        subprocess.run([bash, "-n", str(script)], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_ci_installs_what_a_bare_debian_lacks_and_makes_browser_tests_mandatory(tmp_path):
    machine = Machine(tmp_path)
    for tool in ("bash", "env"):
        (machine.bin / tool).symlink_to(shutil.which(tool))
    note = '#!/bin/sh\necho "{} $* $REQUIRE_BROWSER" >>calls.log\n'
    (machine.bin / "make").unlink()
    machine.command("id", "#!/bin/sh\necho 0\n")
    # installing make is what apt-get is for here
    installs_make = (
        f"cp '{machine.command('new-make', note.format('make'))}' '{machine.bin}/make'\n"
    )
    machine.command("apt-get", note.format("apt-get") + installs_make)
    (machine.checkout / ".ci").mkdir()
    script = shutil.copy(PROJECT / ".ci" / "run", machine.checkout / ".ci")
    subprocess.run([script], env={"PATH": str(machine.bin)}, check=True, capture_output=True)

    update, install, make, audit = (machine.checkout / "calls.log").read_text().splitlines()
    assert update.startswith("apt-get update")
    assert {"make", "python3-venv", "chromium", "fonts-dejavu-core"} <= set(install.split())
    assert make == "make test 1"
    assert audit.startswith("make audit")


def test_the_workflow_tests_every_python_that_setup_takes():
    workflow = (PROJECT / ".github" / "workflows" / "ci.yml").read_text()
    assert re.search(r'python: \["3.11", "3.12", "3.13"\]', workflow)
    assert "run: .ci/run" in workflow
    assert "run: make test" in workflow


class TestStreamlitConfig:
    settings = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())

    def test_every_key_is_known_to_the_installed_streamlit(self):
        from streamlit.config import get_config_options

        assert set(dotted(self.settings)) <= set(get_config_options())

    def test_only_this_machine_is_served_and_errors_stay_in_the_log(self):
        server, client = self.settings["server"], self.settings["client"]
        assert server["address"] == "127.0.0.1"
        assert server["enableCORS"]
        assert server["enableXsrfProtection"]
        assert client["showErrorDetails"] == "none"
        assert not self.settings["browser"]["gatherUsageStats"]

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_text_and_accent_can_be_read_on_their_backgrounds(self, theme):
        colours = self.settings["theme"][theme]
        for ink in ("textColor", "primaryColor", "linkColor"):
            for paper in ("backgroundColor", "secondaryBackgroundColor"):
                assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
        assert contrast("#ffffff", colours["primaryColor"]) >= 3  # ticks and dots

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_chart_colours_stand_out_from_the_background(self, theme):
        colours = self.settings["theme"][theme]
        for colour in colours["chartCategoricalColors"]:
            assert contrast(colour, colours["backgroundColor"]) >= 3


def dotted(table: dict, prefix: str = "") -> list[str]:
    """Return the keys of nested tables as Streamlit writes them: "theme.light.textColor"."""
    keys = []
    for key, value in table.items():
        name = prefix + key
        keys += dotted(value, name + ".") if isinstance(value, dict) else [name]
    return keys


def contrast(first: str, second: str) -> float:
    """Return WCAG 2's contrast ratio of two colours written #rrggbb, 1 to 21."""
    dark, light = sorted(luminance(colour) for colour in (first, second))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [value / 255 for value in bytes.fromhex(colour.removeprefix("#"))]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


class TestReadme:
    @pytest.fixture
    def readme(self) -> str:
        path = PROJECT / "README.md"
        if not path.exists():
            pytest.skip("README.md is not written yet")
        return path.read_text()

    @pytest.mark.parametrize(
        "command",
        ["make run", "make test", "pip install -r requirements.txt", "streamlit run app.py"],
    )
    def test_names_the_commands_of_a_fresh_machine(self, readme, command):
        assert command in readme

    def test_names_no_make_target_that_does_not_exist(self, readme):
        targets = re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
        assert set(re.findall(r"`make ([a-z]+)", readme)) <= set(targets)
