"""The look for known vulnerabilities: when it fails, when it passes, when it could not be made."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import audit

CLEAN = audit.Answer()
KNOWN = audit.Answer(vulnerable=("requests 2.19.0: CVE-2018-18074, fixed in 2.20.0",))


class FakeServices:
    """Answers by service: first for the control, then for the locks; an exception is raised."""

    def __init__(self, **answers: Sequence[audit.Answer | Exception]) -> None:
        self.answers = {service: list(given) for service, given in answers.items()}
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, service: str, requirements: Sequence[Path], seconds: int) -> audit.Answer:
        assert 0 < seconds <= 300
        self.asked.append((service, [path.name for path in requirements]))
        answer = self.answers[service].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


DOWN = audit.NoAnswerError("no route")


def test_nothing_known_is_well():
    services = FakeServices(pypi=[KNOWN, CLEAN])
    status, (line,) = audit.audit(services)
    assert (status, line[:22]) == (0, "no known vulnerability")
    assert services.asked[1] == ("pypi", list(audit.LOCKS))


def test_a_vulnerability_fails_and_is_named():
    found = audit.Answer(vulnerable=("a 1: X-1, fixed in 2", "b 1: X-2, fixed in no release yet"))
    status, lines = audit.audit(FakeServices(pypi=[KNOWN, found]))
    assert status == 1
    assert lines[:2] == list(found.vulnerable)


def test_where_nobody_answers_it_is_skipped_with_the_reason():
    status, (line,) = audit.audit(FakeServices(pypi=[DOWN], osv=[DOWN]))
    assert status == 0
    assert re.match(r"skipped.*pypi: no route; osv: no route", line)


def test_a_mirror_that_knows_of_no_vulnerability_at_all_is_not_believed():
    unaware = audit.Answer(unknown=("requests",))
    for mirror in (CLEAN, unaware):
        status, (line,) = audit.audit(FakeServices(pypi=[mirror, CLEAN], osv=[DOWN]))
        assert status == 0
        assert line.startswith("skipped")
        assert "no advisories" in line


def test_the_next_service_is_asked():
    services = FakeServices(pypi=[CLEAN], osv=[KNOWN, KNOWN])
    assert audit.audit(services)[0] == 1
    services = FakeServices(pypi=[KNOWN, DOWN], osv=[KNOWN, CLEAN])
    assert audit.audit(services) == (
        0,
        ["no known vulnerability in " + ", ".join(audit.LOCKS) + " (osv)"],
    )


def test_packages_that_were_not_looked_up_are_named():
    status, lines = audit.audit(FakeServices(pypi=[KNOWN, audit.Answer(unknown=("ours",))]))
    assert status == 0
    assert any("not looked up: ours" in line for line in lines)


def test_an_answer_is_read():
    vulnerable = {
        "name": "requests",
        "version": "2.19.0",
        "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.20.0"], "aliases": ["CVE-2018-18074"]}],
    }
    unknown = {"name": "ours", "skip_reason": "not found"}
    clean = {"name": "numpy", "version": "2.4.6", "vulns": []}
    out = json.dumps({"dependencies": [vulnerable, unknown, clean, vulnerable], "fixes": []})
    assert audit.read(out, "") == audit.Answer(
        ("requests 2.19.0: PYSEC-1 CVE-2018-18074, fixed in 2.20.0",), ("ours",)
    )


@pytest.mark.parametrize("out", ["", "{}", "[]", "<html>", '{"dependencies": [{}, 1]}'])
def test_a_fault_of_pip_audits_is_no_answer(out):
    with pytest.raises(audit.NoAnswerError, match="connect"):
        audit.read(out, "WARNING:x:y\nERROR:pip_audit._cli:Could not connect\n")


def test_a_service_that_never_answers_is_given_up(monkeypatch, tmp_path):
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    monkeypatch.setattr(audit, "SECONDS", {"control": 0.05, "locks": 0.05})
    status, (line,) = audit.audit(audit.ask)
    assert status == 0
    assert line.count("no answer in 0.05 s") == len(audit.SERVICES)


def test_pip_audit_takes_every_package_of_the_locks():
    """Without a network: it only says how many it would look up."""
    locks = [audit.PROJECT / name for name in audit.LOCKS]
    wanted = set()
    for lock in locks:
        for line in re.findall(r"^\S+==[^\\\n]+", lock.read_text(), re.MULTILINE):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate():
                wanted.add(f"{requirement.name}{requirement.specifier}")
    files = [part for lock in locks for part in ("-r", str(lock))]
    command = [sys.executable, "-m", "pip_audit", *files, "--no-deps", "--disable-pip", "--dry-run"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"would have audited {len(wanted)} packages" in done.stderr
