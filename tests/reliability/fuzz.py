"""Bring the app what nobody should, for long: `make fuzz`, or

python tests/reliability/fuzz.py --cases 100000 --seed 7     so many over all targets
python tests/reliability/fuzz.py --only png,jpeg --cases 500

Each target runs in a process of its own, under a limit of its memory and of a case's time. What
fails is made as small as can be and printed; the figures go to
benchmarks/reliability/fuzz.json. Of targets that start a process a case there are few cases.
"""

import argparse
import json
import logging
import math
import os
import resource
import secrets
import select
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from hypothesis import HealthCheck, Phase, given, seed, settings
from reliability.fuzzing import (
    api_requests,
    formats,
    messages,
    networks,
    pictures,
    records,
    tables,
    websocket,
)
from reliability.fuzzing.target import Target

from benchmarks.results import machine

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "reliability" / "fuzz.json"
MODULES = (tables, formats, pictures, messages, records, websocket, api_requests, networks)
TARGETS = {target.name: target for module in MODULES for target in module.TARGETS}
BATCH = 500  # cases that hypothesis keeps in mind at a time
TELL_SECONDS = 30  # after which a process shows that it goes on
SILENT_SECONDS = 300  # after which a process is ended: what hangs may not hear its alarm
MEMORY = 1024 * 2**20  # bytes on top of what a process takes once all is imported
WEIGHTS = {"tables": 4, "formats": 4, "png": 4, "jpeg": 4, "canvas": 4, "cards": 4, "drawings": 4}
WEIGHTS |= {"websocket": 12, "api": 2, "multipart": 2}


class TookLongError(Exception):
    """A case went over its time."""


def main() -> int:
    options = parser().parse_args()
    if options.child:
        child(TARGETS[options.only[0]], options.cases, options.seed)
        return 0
    print(f"{options.cases:,} cases with --seed {options.seed}", flush=True)
    results = list(parent(options.only, options.cases, options.seed, options.jobs))
    total = {
        "cases": sum(one["cases"] for one in results),
        "seconds": round(sum(one["seconds"] for one in results)),
        "failures": sum(len(one["failures"]) for one in results),
    }
    print(f"{total['cases']:,} cases, {total['failures']} failures, {total['seconds']} s")
    command = f'make fuzz ARGS="--cases {options.cases} --seed {options.seed}"'
    document = {"machine": machine(), "command": command, **total, "targets": results}
    options.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return bool(total["failures"])


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    top.add_argument("--cases", type=int, default=20_000)
    top.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    top.add_argument("--only", type=lambda text: text.split(","), default=list(TARGETS))
    top.add_argument("--jobs", type=int, default=1, help="targets at once")
    top.add_argument("--out", type=Path, default=FILE)
    top.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return top


def parent(names: list[str], cases: int, number: int, jobs: int) -> Iterator[dict]:
    """Yield the figures of each target, so many of them at once."""
    weights = {name: WEIGHTS.get(name, 1) / TARGETS[name].cost for name in names}
    total = sum(weights.values())
    shares = [math.ceil(cases * weights[name] / total) for name in names]
    with ThreadPoolExecutor(jobs) as threads:
        results = threads.map(followed, names, shares, [number] * len(names))
        for name, result in zip(names, results, strict=True):
            _print(name, result)
            yield {"target": name, **result}


def _print(name: str, result: dict) -> None:
    """Print the figures of a target, and what failed."""
    print(
        f"{name:12} {result['cases']:7,} cases {result['seconds']:6.0f} s, slowest "
        f"{result['slowest_ms']:5.0f} ms, peak {result['peak_megabytes']} MB, "
        f"{len(result['failures'])} failures",
        flush=True,
    )
    for failure in result["failures"]:
        print(failure, flush=True)


def followed(name: str, cases: int, number: int) -> dict:
    """Run a target in a child; what ends the child, or silences it, is a failure too."""
    command = [sys.executable, __file__, "--child", "--only", name]
    command += ["--cases", str(cases), "--seed", str(number)]
    result = {"cases": 0, "seconds": 0.0, "slowest_ms": 0, "peak_megabytes": 0, "failures": []}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while select.select([process.stdout], [], [], SILENT_SECONDS)[0]:
            line = process.stdout.readline()
            if not line:
                break
            result = json.loads(line)
        else:
            process.kill()
    if process.returncode:
        last = f"after {result['cases']} cases with seed {number}"
        result["failures"].append(f"{name}: its process ended with {process.returncode} {last}")
    return result


def child(target: Target, cases: int, number: int) -> None:
    """Run a target here, and print its figures after every batch, and in long ones."""
    logging.disable()
    warnings.simplefilter("ignore")
    _limit_memory()
    signal.signal(signal.SIGALRM, _too_long)
    result = {"cases": 0, "seconds": 0.0, "slowest_ms": 0.0, "failures": []}
    began, seen = time.monotonic(), set()
    told = began

    def tell() -> None:
        nonlocal told
        told = time.monotonic()
        result["seconds"] = round(told - began, 1)
        result["peak_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps(result), flush=True)

    def check(case: object) -> None:
        result["cases"] += 1
        start = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, target.seconds)
        try:
            target.check(case)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            milliseconds = 1000 * (time.monotonic() - start)
            result["slowest_ms"] = round(max(result["slowest_ms"], milliseconds), 1)
            if time.monotonic() - told > TELL_SECONDS:
                tell()

    batch = 0
    while result["cases"] < cases:
        batch += 1
        size = min(BATCH, cases - result["cases"])
        for failure, where in _failures(target, check, size, 1000 * number + batch):
            if where not in seen:
                seen.add(where)
                result["failures"].append(failure)
        tell()


def _failures(target: Target, check: object, size: int, number: int) -> Iterator[tuple[str, str]]:
    """Yield what fails in a batch, made small, and where."""

    @seed(number)
    @settings(
        max_examples=size,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(target.cases)
    def run(case: object) -> None:
        check(case)

    try:
        run()
    except Exception as error:
        for one in error.exceptions if isinstance(error, ExceptionGroup) else [error]:
            place = one.__traceback__
            while place.tb_next:
                place = place.tb_next
            where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
            notes = "\n".join(getattr(one, "__notes__", []))[:3000]
            kind = type(one).__name__
            yield f"{target.name}: {kind} at {where}: {str(one)[:500]}\n{notes}", kind + where


def _limit_memory() -> None:
    """Leave this process so much more than it has: what asks for more gets a MemoryError."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGESIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _too_long(*_: object) -> None:
    raise TookLongError("over the seconds that its target has for a case")


if __name__ == "__main__":
    sys.exit(main())
