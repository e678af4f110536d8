"""Many sessions drawing for minutes while a network trains.

python -m benchmarks.reliability.soak --sessions 30 --browsers 2 --api 4 --minutes 10 --seed 7

A server of its own on loopback, a home of its own, a real training in it. Some sessions are real
Chromiums, the others speak Streamlit's protocol (`sessions.py`). Each draws every few seconds and
must be shown what the model reads in that very picture; some correct what was read. Beside them,
programs send drawings to the HTTP API. In the end each correction that the page acknowledged must
be there. Figures go to benchmarks/reliability/soak.json.
"""

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext
from pathlib import Path
from time import monotonic, sleep

import numpy as np

from benchmarks import results
from benchmarks.helpers import servers
from benchmarks.reliability.soak_people import Notes, Person, Script, Visitor
from benchmarks.reliability.soak_programs import Program
from recognizer import datasets
from recognizer.datasets import corrections
from recognizer.jobs import database
from recognizer.records import Digits
from recognizer.system import home as system_home

FILE = Path(__file__).parent / "soak.json"
PAGES_ENTRY = Path("app.py")
API_ENTRY = Path(__file__).with_name("soak_app.py")
MINUTE = 60.0  # seconds
_ROWS = 2_000  # of the table that is trained on
_START = 120.0  # seconds until the training must have begun


def main() -> int:
    """Run the soak, print and keep its figures; 1 where something went wrong in it."""
    options = parser().parse_args()
    servers.end_when_asked()
    with tempfile.TemporaryDirectory() as home:
        figures = soak(Path(home), options)
    document = {"machine": results.machine(), **figures}
    options.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))
    return bool(figures["errors"] or figures["corrections"]["lost"])


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability.soak", description="Soak the app."
    )
    top.add_argument("--sessions", type=int, default=30, help="in all, browsers among them")
    top.add_argument("--browsers", type=int, default=2, help="of the sessions, real Chromiums")
    top.add_argument("--api", type=int, default=0, help="clients of the HTTP API beside them")
    top.add_argument("--minutes", type=float, default=10)
    top.add_argument("--pause", type=float, default=4, help="seconds between drawings, ±50 %%")
    top.add_argument("--least", type=int, default=1, help="drawings of each, however long it takes")
    top.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    top.add_argument(
        "--entry",
        type=Path,
        help="given to streamlit run (default: app.py, with --api the API too)",
    )
    top.add_argument("--no-training", dest="training", action="store_false")
    top.add_argument("--out", type=Path, default=FILE)
    return top


def soak(home: Path, options: argparse.Namespace) -> dict:
    """Return the figures of one soak in an empty home."""
    notes = Notes()
    entry = options.entry or (API_ENTRY if options.api else PAGES_ENTRY)
    os.environ["RECOGNIZER_HOME"] = str(home)
    with (
        servers.serve(system_home.PROJECT / entry, home) as (address, server),
        training(home) if options.training else nullcontext(lambda: 0) as steps,
    ):
        asyncio.run(_people(address, server, options, notes))
        trained = steps()
    kept = corrections.Corrections()
    lost = [one for one, label in notes.kept.items() if kept.label_of(one) != label]
    return {
        "command": f"python -m benchmarks.reliability.soak --sessions {options.sessions} "
        f"--browsers {options.browsers} {f'--api {options.api} ' * bool(options.api)}"
        f"--minutes {options.minutes:g} --seed {options.seed}",
        "readings": {name: results.median_p95_max(times) for name, times in notes.times.items()},
        "errors": len(notes.errors),
        "told": notes.errors[:10],
        "corrections": {"acknowledged": len(notes.kept), "lost": len(lost)},
        "trained_steps": trained,
        "memory": notes.memory,
    }


async def _people(address: str, server: int, options: argparse.Namespace, notes: Notes) -> None:
    """Let all sessions draw until the time is over; look at the server's memory meanwhile."""
    end = monotonic() + options.minutes * MINUTE
    kinds = [Visitor] * options.browsers + [Person] * (options.sessions - options.browsers)
    kinds += [Program] * options.api
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(
                kind.arrived(address, Script(options.seed, number), notes)
            )
            for number, kind in enumerate(kinds)
        ]
        notes.note_memory(server)
        watch = asyncio.create_task(_watch(server, notes))
        await asyncio.gather(*(person.stay(end, options.pause, options.least) for person in people))
        watch.cancel()
        notes.note_memory(server)


async def _watch(server: int, notes: Notes) -> None:
    while True:
        await asyncio.sleep(MINUTE)
        notes.note_memory(server)


@contextmanager
def training(home: Path) -> Iterator[object]:
    """Have a network train in the home; give a function that tells how many steps it has done."""
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (_ROWS, 28, 28), np.uint8)
    table = home / "train.csv"
    table.write_bytes(datasets.write_digits(Digits(images, np.arange(_ROWS).astype(np.uint8) % 10)))
    command = [sys.executable, "-m", "recognizer", "train", str(table), "--architecture", "compact"]
    command += ["--name", "soak", "--epochs", "10000"]
    with (home / "training.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=system_home.PROJECT, stdout=log, stderr=log)
    try:
        end = monotonic() + _START
        while not _steps():
            if process.poll() is not None or monotonic() > end:
                raise RuntimeError(f"no training:\n{(home / 'training.log').read_text()[-2000:]}")
            sleep(0.2)
        before = _steps()
        yield lambda: _steps() - before
    finally:
        servers.end(process)


def _steps() -> int:
    return max((job.step for job in database.everything()), default=0)


if __name__ == "__main__":
    sys.exit(main())
