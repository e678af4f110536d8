"""Look the locked packages up among the known vulnerabilities: `make audit`.

Exit status 1: some are known, a line each. 0: none is known, or no advisory service could be asked,
which one line says with the reason: a machine without the network must not fail for that.

A service is first asked about a release that is known to be vulnerable. A mirror without advisories
knows nothing about any package, and pip-audit takes that for "no known vulnerabilities".
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = tuple(f"requirements{part}.lock" for part in ("", "-cluster", "-login", "-test"))
SERVICES = ("pypi", "osv")  # of pip-audit, in the order in which they are asked
CONTROL = "requests==2.19.0"  # CVE-2018-18074
SECONDS = {"control": 45, "locks": 240}  # that an answer may take
CONNECT_SECONDS = 10


class NoAnswerError(Exception):
    """A service that cannot be asked, and why."""


@dataclass(frozen=True)
class Answer:
    """What a service knows.

    Attributes:
        vulnerable: a line for each vulnerability of a package.
        unknown: packages that the service does not have.
    """

    vulnerable: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


Ask = Callable[[str, Sequence[Path], int], Answer]


def main() -> int:
    status, lines = audit(ask)
    print(*(f"audit: {line}" for line in lines), sep="\n")
    return status


def audit(ask: Ask) -> tuple[int, list[str]]:
    """Return exit status and lines, from the first service that has advisories.

    Args:
        ask: takes a service, requirements files and seconds; returns what the service knows, or
            raises NoAnswerError.
    """
    reasons = []
    for service in SERVICES:
        try:
            answer = _asked(ask, service)
        except NoAnswerError as error:
            reasons.append(f"{service}: {error}")
        else:
            return _verdict(service, answer)
    return 0, [f"skipped, as no advisory service answers from here ({'; '.join(reasons)})"]


def _asked(ask: Ask, service: str) -> Answer:
    with tempfile.TemporaryDirectory() as scratch:
        control = Path(scratch) / "requirements.txt"
        control.write_text(CONTROL + "\n")
        if not ask(service, [control], SECONDS["control"]).vulnerable:
            raise NoAnswerError(f"does not know that {CONTROL} is vulnerable, so has no advisories")
    return ask(service, [PROJECT / lock for lock in LOCKS], SECONDS["locks"])


def _verdict(service: str, answer: Answer) -> tuple[int, list[str]]:
    lines = list(answer.vulnerable)
    if answer.unknown:
        lines.append(f"not known to {service}, so not looked up: {', '.join(answer.unknown)}")
    if answer.vulnerable:
        fix = "raise the pins in requirements*.txt, then run make lock and make test"
        return 1, [*lines, fix]
    return 0, [*lines, f"no known vulnerability in {', '.join(LOCKS)} ({service})"]


def ask(service: str, requirements: Sequence[Path], seconds: int) -> Answer:
    """Ask a service through pip-audit; nothing is resolved, installed or kept."""
    files = [part for path in requirements for part in ("-r", str(path))]
    with tempfile.TemporaryDirectory() as cache:
        command = [
            *(sys.executable, "-m", "pip_audit", *files, "--no-deps", "--disable-pip"),
            *("--vulnerability-service", service, "--format", "json", "--desc", "off"),
            *("--progress-spinner", "off", "--timeout", str(CONNECT_SECONDS)),
            *("--cache-dir", cache),
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise NoAnswerError(f"no answer in {seconds} s") from error
    return read(done.stdout, done.stderr)


def read(out: str, errors: str) -> Answer:
    """Read pip-audit's answer; it exits with 1 for a vulnerability and for a fault alike.

    Raises:
        NoAnswerError: there is none.
    """
    try:
        packages = json.loads(out)["dependencies"]
        found = [line for package in packages for line in _vulnerabilities(package)]
        unknown = {package["name"] for package in packages if "skip_reason" in package}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        last = (errors.strip().splitlines() or ["it says nothing"])[-1]
        raise NoAnswerError(last.rpartition(":")[2].strip("\"')( ")[:200]) from error
    return Answer(tuple(dict.fromkeys(found)), tuple(sorted(unknown)))


def _vulnerabilities(package: dict[str, Any]) -> list[str]:
    """Return a line for each of a package's: it may be in several lock files."""
    return [
        f"{package['name']} {package['version']}: {' '.join([one['id'], *one.get('aliases', ())])}"
        f", fixed in {' or '.join(one['fix_versions']) or 'no release yet'}"
        for one in package.get("vulns", ())
    ]


if __name__ == "__main__":
    sys.exit(main())
