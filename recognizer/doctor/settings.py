"""The doctor's look at the settings: the environment's and `.streamlit/config.toml`."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recognizer.doctor.report import Finding, fault, ok, warning
from recognizer.errors import reason
from recognizer.system import home as system_home

CONFIG = Path(".streamlit") / "config.toml"
OPERATOR = (  # any of these says who runs a server that others reach: docs/exposing.md
    *("RECOGNIZER_OPERATOR_TOKEN", "RECOGNIZER_OPERATOR_TOKEN_FILE", "RECOGNIZER_OPERATORS"),
)
VARIABLES = ("RECOGNIZER_HOME", "RECOGNIZER_DATA", "RECOGNIZER_EXPOSED", *OPERATOR)
LIMITS = "RECOGNIZER_MAX_"  # begins the names of others
SAFE = {  # (section, key) of config.toml -> what keeps a server safe, and what it is for
    ("server", "enableXsrfProtection"): (True, "other sites cannot act in a visitor's name"),
    ("server", "enableCORS"): (True, "other sites cannot talk to the app"),
    ("client", "showErrorDetails"): ("none", "errors are described in the log and not on the page"),
    ("browser", "gatherUsageStats"): (False, "no usage statistics are sent"),
}


def home() -> Iterator[Finding]:
    """Check RECOGNIZER_HOME, where everything is written."""
    value = os.environ.get("RECOGNIZER_HOME")
    if not value:
        yield ok(f"RECOGNIZER_HOME is not set: everything is written into {system_home.folder()}")
        return
    try:
        folder = system_home.folder()
    except RuntimeError:
        yield fault(f"RECOGNIZER_HOME is {value!r}: no such person's folder", "give a full path")
        return
    if folder.is_absolute():
        yield ok(f"RECOGNIZER_HOME is {folder}")
    else:
        yield warning(
            f"RECOGNIZER_HOME is {value!r}: another folder for each folder one starts in",
            f"give a full path, such as {folder.resolve()}",
        )


def data() -> Iterator[Finding]:
    """Check RECOGNIZER_DATA, where recipes and benchmarks look for digits; it may be unset."""
    value = os.environ.get("RECOGNIZER_DATA")
    if not value:
        return
    from recognizer.training import recipes  # which needs OpenCV

    absent = [name for name in recipes.FILES if not os.access(Path(value) / name, os.R_OK)]
    if absent:
        yield warning(
            f"RECOGNIZER_DATA is {value!r}, where {', '.join(absent)} cannot be read",
            "see the README's Data and licences, or leave it unset: only recipes and benchmarks "
            "need it",
        )
    else:
        yield ok(f"RECOGNIZER_DATA is {value}, with all {len(recipes.FILES)} files")


def misspelt() -> Iterator[Finding]:
    """Tell of environment variables with our name that nothing reads."""
    for name in sorted(os.environ):
        if name.startswith("RECOGNIZER_") and not is_known(name):
            yield warning(
                f"{name} is set, and nothing reads it",
                f"known are {', '.join(VARIABLES)} and {LIMITS}…",
            )


def server() -> Iterator[Finding]:
    """Check whom the server listens to, and that nothing that keeps it safe was switched off."""
    try:
        config = tomllib.loads((system_home.PROJECT / CONFIG).read_text("utf-8"))
    except (OSError, ValueError) as error:
        yield fault(
            f"{CONFIG} cannot be read ({reason(error)}): Streamlit would listen to everyone",
            "restore it from the project",
        )
        config = {}
    address, source = _setting(config, "server", "address")
    if _is_loopback(str(address or "")):
        yield ok(f"The server listens to this machine only ({address}, {source})")
    else:
        message = (
            f"The server listens {f'at {address}' if address else 'on every network'} ({source})"
        )
        if any(os.environ.get(name) for name in OPERATOR):
            yield ok(f"{message}, with an operator")
        else:
            yield warning(
                f"{message}, and nobody is said to be its operator",
                "set one, as docs/exposing.md says, or listen at 127.0.0.1",
            )
    for (section, key), (safe, purpose) in SAFE.items():
        value, source = _setting(config, section, key)
        if str(value).lower() != str(safe).lower():
            yield warning(
                f"{section}.{key} is {value} ({source}); at {str(safe).lower()}, {purpose}",
                f"set it to {str(safe).lower()} again",
            )


def is_known(name: str) -> bool:
    """Whether an environment variable with our name is one that the app reads."""
    return name in VARIABLES or name.startswith(LIMITS)


def _setting(config: dict[str, Any], section: str, key: str) -> tuple[Any, str]:
    """Return a setting of Streamlit's, and where it comes from: the environment goes first."""
    name = variable(section, key)
    if name in os.environ:
        return os.environ[name], name
    table = config.get(section)
    value = table.get(key) if isinstance(table, dict) else None
    return value, str(CONFIG) if value is not None else f"not in {CONFIG}"


def variable(section: str, key: str) -> str:
    """Return the environment variable of one of Streamlit's settings."""
    return f"STREAMLIT_{section}_{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', key)}".upper()


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
