"""What HTTP costs: readings and rows over the API against the same in process, by turns.

python -m benchmarks.api

A server of its own on loopback, one client, one connection. Prints a table for docs/api.md. Of the
times, the median and the 10th percentile: on a machine that has other work too, the second is the
less disturbed. The client's CPU time, which another machine would spend, is told apart.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from time import perf_counter, process_time
from urllib.parse import urlsplit

import cv2
import numpy as np

from benchmarks import results
from benchmarks.helpers import servers
from benchmarks.helpers.streamlit_client import picture
from benchmarks.reliability.soak_people import Script
from benchmarks.tables.markdown import markdown
from recognizer.imaging.decoding import open_picture
from recognizer.inference import Recognizer
from recognizer.system import home

ROWS = 256  # of a request
WARM_UP = 3  # turns that do not count


@dataclass
class Times:
    """Milliseconds of each turn: in process, over HTTP, and of the client's CPU meanwhile."""

    library: list[float] = field(default_factory=list)
    http: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)


def main() -> int:
    """Measure, and print the tables."""
    options = parser().parse_args()
    servers.end_when_asked()
    recognizer, script = Recognizer.load(), Script(options.seed, 0)
    images = [picture(script.drawing()) for _ in range(options.readings)]
    pictures = [cv2.imencode(".png", image)[1].tobytes() for image in images]
    digits = np.random.default_rng(options.seed).integers(0, 256, (ROWS, 28, 28), np.uint8)
    with tempfile.TemporaryDirectory() as folder, serve(folder) as connection:
        one = by_turns(
            pictures,
            lambda png: [recognizer.read(open_picture(png).pixels).digit],
            lambda png: [entry["digit"] for entry in json.loads(posted(connection, "read", png))],
        )
        table = npy(digits)
        rows = by_turns(
            [table] * options.batches,
            lambda _: recognizer.predict(digits).argmax(axis=1).tolist(),
            lambda body: labels(posted(connection, "predict", body)),
        )
    print(markdown(["one reading", "median", "10th percentile"], reading_rows(one)))
    print(f"\n{options.readings} drawings.\n")
    print(markdown([f"{ROWS} rows a request", "median", "10th percentile"], row_rows(rows)))
    print(f"\n{options.batches} requests. {results.machine()['hardware']}.")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m benchmarks.api", description=__doc__.splitlines()[0]
    )
    top.add_argument("--readings", type=int, default=300)
    top.add_argument("--batches", type=int, default=60)
    top.add_argument("--seed", type=int, default=7)
    return top


@contextmanager
def serve(folder: str) -> Iterator[HTTPConnection]:
    """Run `python -m recognizer api` with a home of its own; yield a connection to it."""
    command = [sys.executable, "-m", "recognizer", "api", "--port", "0"]
    environment = os.environ | {"RECOGNIZER_HOME": folder}
    process = subprocess.Popen(
        command, cwd=home.PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        netloc = urlsplit(process.stdout.readline().split()[-1]).netloc
        with closing(HTTPConnection(netloc, timeout=60)) as connection:
            yield connection
    finally:
        servers.end(process)
        process.stdout.close()


def posted(connection: HTTPConnection, path: str, body: bytes) -> bytes:
    """Return the body of an answer.

    Raises:
        RuntimeError: it was refused.
    """
    headers = {"Content-Type": "application/octet-stream", "Accept": "text/csv, */*;q=0.5"}
    connection.request("POST", f"/api/v1/{path}", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {content[:500]!r}")
    return content


def by_turns(cases: list[bytes], library: Callable, http: Callable) -> Times:
    """Do each case in process and over HTTP, now this one first and now that one.

    Raises:
        RuntimeError: both do not read the same.
    """
    times = Times()
    for turn, case in enumerate([*cases[:WARM_UP], *cases]):
        read = {}
        for name, call in sorted({"library": library, "http": http}.items(), reverse=turn % 2):
            began, worked = perf_counter(), process_time()
            read[name] = call(case)
            seconds, cpu = perf_counter() - began, process_time() - worked
            if turn >= WARM_UP:
                getattr(times, name).append(1000 * seconds)
            if turn >= WARM_UP and name == "http":
                times.client.append(1000 * cpu)
        if read["library"] != read["http"]:
            raise RuntimeError(f"in process {read['library']}, over HTTP {read['http']}")
    return times


def npy(images: np.ndarray) -> bytes:
    """Return images as a `.npy` file."""
    file = io.BytesIO()
    np.save(file, images)
    return file.getvalue()


def labels(submission: bytes) -> list[int]:
    """Return the labels of a submission."""
    return [int(line.split(",")[1]) for line in submission.decode().split()[1:]]


def reading_rows(times: Times) -> list[list[str]]:
    """Return the table of single readings."""
    rows = [
        ["in process", *_figures(times.library, "{:.1f} ms")],
        ["over HTTP", *_figures(times.http, "{:.1f} ms")],
        ["of it the client's CPU time", *_figures(times.client, "{:.1f} ms")],
    ]
    more = [http - here for http, here in zip(_points(times.http), _points(times.library))]  # noqa: B905
    return [*rows, ["more over HTTP", *(f"{one:.1f} ms" for one in more)]]


def row_rows(times: Times) -> list[list[str]]:
    """Return the table of batches, in images a second."""
    here, http, client = map(_points, (times.library, times.http, times.client))
    speeds = {
        "in process": [1000 * ROWS / one for one in here],
        "over HTTP": [1000 * ROWS / one for one in http],
        "over HTTP, without the client's CPU time": [
            1000 * ROWS / (one - cpu) for one, cpu in zip(http, client, strict=True)
        ],
    }
    shares = [
        f"{part / whole:.0%}"
        for part, whole in zip(
            list(speeds.values())[2], speeds["in process"], strict=True
        )
    ]  # fmt: skip
    rows = [[name, *(f"{one:,.0f} a second" for one in both)] for name, both in speeds.items()]
    return [*rows, ["share of the library's", *shares]]


def _points(times: list[float]) -> tuple[float, float]:
    """Return the median and the 10th percentile."""
    return float(np.median(times)), float(np.percentile(times, 10))


def _figures(times: list[float], form: str) -> list[str]:
    return [form.format(one) for one in _points(times)]


if __name__ == "__main__":
    sys.exit(main())
