"""Many uploads at once, straight to the server's HTTP: `python -m benchmarks.reliability.storm`, or

python -m benchmarks.reliability.storm --uploads 100 --megabytes 200 --cap 6000 --seed 7
python -m benchmarks.reliability.storm --entry serve.py      behind the limits that this entry sets

A server of its own on loopback, whose upload limit is set to the size given. Its memory is watched:
beyond the cap all uploads are broken off. Figures go to benchmarks/storm.json, under the entry.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks import results
from benchmarks.helpers import servers
from benchmarks.helpers.streamlit_client import connected
from benchmarks.reliability import http_requests
from benchmarks.reliability.http_requests import BOUNDARY, Answer, send
from benchmarks.reliability.storm_requests import CUT_SHORT, ROUTES, UPLOADS, Way
from pages.shared.canvas.examples import example
from recognizer.system import home as system_home

FILE = Path(__file__).parent / "storm.json"
MEGABYTE = 2**20
_CALM = 60.0  # seconds until a storm that was broken off must be over
_LOOK = 0.2  # seconds between two looks at the server's memory


def main() -> int:
    """Run the storm, print and keep its figures; 1 where an answer is not as it should be."""
    options = parser().parse_args()
    servers.end_when_asked()
    with tempfile.TemporaryDirectory() as home:
        figures = storm(Path(home), options)
    kept = json.loads(options.out.read_text("utf-8")) if options.out.exists() else {}
    kept = {**kept, "machine": results.machine(), options.entry.name: figures}
    options.out.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))
    return bool(figures["wrong"] or not figures["healthy_after"])


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability.storm", description="Upload a lot."
    )
    top.add_argument("--uploads", type=int, default=100, help="at once")
    top.add_argument("--megabytes", type=int, default=200, help="the server's limit")
    top.add_argument("--sessions", type=int, default=4, help="that the uploads go to")
    top.add_argument("--cap", type=int, default=6_000, help="MB of memory, or of disk, to stop at")
    top.add_argument("--entry", type=Path, default=Path("app.py"), help="given to streamlit run")
    top.add_argument("--out", type=Path, default=FILE)
    return top


def storm(home: Path, options: argparse.Namespace) -> dict:
    """Return the figures of one storm in an empty home."""
    os.environ["STREAMLIT_SERVER_MAX_UPLOAD_SIZE"] = str(options.megabytes)
    with servers.serve(system_home.PROJECT / options.entry, home) as (address, server):
        figures = asyncio.run(Storm(address, server, options).run())
    log = (home / f"{options.entry.stem}.log").read_text("utf-8", "replace")
    return {
        "command": f"python -m benchmarks.reliability.storm --uploads {options.uploads} "
        f"--megabytes {options.megabytes} --cap {options.cap} --entry {options.entry.name}",
        **figures,
        "tracebacks_in_log": log.count("Traceback (most recent call last)"),
    }


class Storm:
    """One storm over a running server."""

    def __init__(self, address: str, server: int, options: argparse.Namespace) -> None:
        self.address, self.server, self.options = address, server, options
        self.peak = self.disk = 0
        self._free = shutil.disk_usage(tempfile.gettempdir()).free

    async def run(self) -> dict:
        """Return the figures."""
        begin = self.memory()
        token = await self.token()
        async with AsyncExitStack() as stack:
            count = max(1, self.options.sessions)
            people = [
                await stack.enter_async_context(connected(self.address)) for _ in range(count)
            ]
            way = Way(people[0].id, token)
            wrong = await self.malformed(way)
            over, broken_over = await self.flood(people, token, sized=False)
            await self.calm()
            at_limit, broken = await self.flood(people, token, sized=True)
            kept, peak = self.memory(), self.peak
            healthy = await self.is_healthy()
        return {
            "memory": {"before": begin, "peak": peak, "kept": kept, "after": await self.settled()},
            "at_limit": at_limit,
            "over_limit_unsized": over,
            "disk": self.disk,
            "broken_off_at_cap": broken or broken_over,
            "malformed": len(UPLOADS) + len(ROUTES),
            "wrong": wrong,
            "healthy_after": healthy and await self.is_healthy(),
        }

    async def token(self) -> str:
        """Return the token against forged requests that the server gives to whoever asks."""
        answer = await send(self.address, "GET /_stcore/health HTTP/1.1")
        return re.search(r"_streamlit_xsrf=([^;]+)", answer.head)[1]

    async def malformed(self, way: Way) -> list[str]:
        """Return what was answered otherwise than with a refusal in a few words."""
        wrong = []
        for name, (expected, head, body) in {**UPLOADS, **ROUTES}.items():
            answer = await send(self.address, *way.filled(head, body), hang_up=name in CUT_SHORT)
            if answer.status not in expected or answer.tells_of_the_inside:
                wrong.append(f"{name}: {answer.status} {answer.body[:200]}")
        return wrong

    async def calm(self) -> None:
        """Wait until the server has let go of what was broken off."""
        for _ in range(int(_CALM / _LOOK)):
            if max(self.memory(), self.taken()) < self.options.cap / 2:
                return
            await asyncio.sleep(_LOOK)

    async def flood(self, people: list, token: str, *, sized: bool) -> tuple[dict, bool]:
        """Send all uploads at once; return how many had which answer, and whether it was stopped.

        Args:
            people: whose sessions the files are for.
            token: of the server's.
            sized: a file of just the limit, in a request that says how long it is; otherwise one
                that is over the limit and does not say.
        """
        size = self.options.megabytes * MEGABYTE
        size = size - 4096 if sized else size + 2 * MEGABYTE
        tasks = [
            asyncio.create_task(
                self.upload(people[number % len(people)].id, token, number, size, sized)
            )
            for number in range(self.options.uploads)
        ]
        watch = asyncio.create_task(self.watch())
        uploads = asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait([watch, uploads], return_when=asyncio.FIRST_COMPLETED)
        broken = watch.done()
        for task in [watch, *tasks]:
            task.cancel()
        done = await uploads
        answers = Counter(
            str(one.status) if isinstance(one, Answer) else "broken off" for one in done
        )
        return dict(sorted(answers.items())), broken

    async def upload(self, session: str, token: str, number: int, size: int, sized: bool) -> Answer:
        """Upload one file from a generator."""
        parts, length = http_requests.upload(size)
        pieces = http_requests.body(parts, size)
        head = (
            f"PUT /_stcore/upload_file/{session}/storm-{sized}-{number} HTTP/1.1\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\n"
            f"Cookie: _streamlit_xsrf={token}\nX-Xsrftoken: {token}\n"
        )
        if sized:
            return await send(self.address, head + f"Content-Length: {length}", pieces)
        return await send(
            self.address, head + "Transfer-Encoding: chunked", http_requests.chunked(pieces)
        )

    async def watch(self) -> None:
        """Return when the server has taken more memory, or more of the disk, than it may."""
        while max(self.memory(), self.taken()) < self.options.cap:
            await asyncio.sleep(_LOOK)

    def taken(self) -> int:
        """Return the megabytes that are gone from the disk since the start, and remember the most.

        Streamlit puts an upload there until all of it is there, in files without a name.
        """
        free = shutil.disk_usage(tempfile.gettempdir()).free
        now = (self._free - free) // MEGABYTE
        self.disk = max(self.disk, now)
        return now

    def memory(self) -> int:
        """Return the server's memory in megabytes, and remember the most."""
        status = Path(f"/proc/{self.server}/status").read_text()
        now = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024
        self.peak = max(self.peak, now)
        return now

    async def settled(self) -> int:
        """Return the memory once the server has let go of the sessions' files."""
        for _ in range(20):
            await asyncio.sleep(_LOOK)
        return self.memory()

    async def is_healthy(self) -> bool:
        """Whether it answers, and reads a digit."""
        answer = await send(self.address, "GET /_stcore/health HTTP/1.1")
        async with connected(self.address) as session:
            shown = await session.draw(example("7 with a bar", 320))
        return answer.status == 200 and shown.metrics.get("Digit") == "7"


if __name__ == "__main__":
    sys.exit(main())
