"""A model's file is tried once, in a process of its own, before anything reads with it.

A file can be damaged so that its card still confirms it. LiteRT takes what it says of itself at its
word: some ended the process that loaded them, one asked for 21 GB. The child has a limit on its
memory and its time, and what it found is kept by the file's hash in RECOGNIZER_HOME/trials.json.
Shipped models are known to be good.
"""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from recognizer.errors import ModelError
from recognizer.models import registry
from recognizer.models.registry import StoredModel
from recognizer.system import atomic, home

FILE = "trials.json"
KEPT = 500  # trials
SECONDS = 60  # for one; the largest architecture takes two
MEMORY = 500_000_000  # bytes, and eight times the file beside them; a usual one takes 50 MB
TOLD = 3  # exit status of a child that says what is wrong on its last line of stdout

_lock = threading.Lock()
_known: dict[str, str] = {}  # what is wrong with a file, by hash; "" where nothing is


def check(model: StoredModel) -> None:
    """Raise for a model that cannot read, whatever the reason; free for one that was tried.

    Raises:
        ModelError: its file cannot be loaded, takes too much, or gives no probabilities.
    """
    if model.shipped:
        return
    problem = _known.get(model.sha256)
    if problem is None:
        with _lock:
            problem = _found(model)
    if problem:
        raise ModelError(
            f"{model.name}: {registry.TFLITE_FILE} cannot be read with ({problem}): restore the "
            "file, train the model again, or take its folder away."
        )


def _found(model: StoredModel) -> str:
    """Return what is wrong with a file: as it is known, or by a trial."""
    content = model.sha256
    if content in _known:
        return _known[content]
    if content in _shipped(registry.SHIPPED):
        return _known.setdefault(content, "")
    kept = _read()
    key = f"{content} {version('ai-edge-litert')}"
    if key not in kept:
        problem, is_sure = tried(model.tflite)
        if is_sure:
            _keep({**kept, key: problem})
        return _known.setdefault(content, problem)
    return _known.setdefault(content, kept[key])


@lru_cache(maxsize=1)
def _shipped(folder: Path) -> frozenset[str]:
    """Return the hashes of the shipped models: a copy of one is as good."""
    return frozenset(model.sha256 for model in registry.list_models(folder).available)


def tried(tflite: Path, memory: int = MEMORY) -> tuple[str, bool]:
    """Let a child load a file and read with it.

    Args:
        tflite: the file.
        memory: bytes that it may take, beside eight times its size.

    Returns:
        What is wrong, "" where nothing is; and whether another trial would find the same.
    """
    command = [sys.executable, "-m", "recognizer.inference.trial_child", str(tflite), str(memory)]
    try:
        ended = subprocess.run(
            command,
            cwd=home.PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"reading with it takes more than {SECONDS} seconds", False
    except OSError as error:
        return f"it cannot be tried: {error.strerror}", False
    if ended.returncode == 0:
        return "", True
    said = ended.stdout.decode("utf-8", "replace").strip().splitlines()
    if ended.returncode == TOLD and said:
        return said[-1], True
    return "loading it ends the process", ended.returncode < 0 and ended.returncode != -9


def _read() -> dict[str, str]:
    """Return what is kept; nothing of a damaged file."""
    try:
        kept = json.loads((home.folder() / FILE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    whole = isinstance(kept, dict) and all(isinstance(one, str) for one in kept.values())
    return kept if whole else {}


def _keep(trials: dict[str, str]) -> None:
    """Write down the latest; without room or leave to write, the next process tries again."""
    latest = dict(list(trials.items())[-KEPT:])
    with suppress(OSError):
        home.folder().mkdir(parents=True, exist_ok=True)
        path = home.folder() / FILE
        with atomic.open_write(path, mark=f"-{os.getpid()}") as file:
            file.write((json.dumps(latest, indent=2) + "\n").encode())
