"""Put the figures of the long runs into docs/reliability.md.

python -m benchmarks.reliability.report

They are in soak.json, faults.json, fuzz.json and storm.json, which the modules soak and storm,
`make soak` and `make fuzz` write. In the page a table stands between `<!-- run:NAME -->` and
`<!-- /run -->`.
"""

import json
import re
import sys
from pathlib import Path

from benchmarks.tables.markdown import markdown
from recognizer.system import home

PAGE = home.PROJECT / "docs" / "reliability.md"
FOLDER = Path(__file__).parent
_BLOCK = re.compile(r"(<!-- run:(\w+) -->\n)(.*?)(<!-- /run -->)", re.DOTALL)
_FAULTS = {
    "trainer": "kill -9 of the training's process",
    "server": "kill -9 of the server, three sessions drawing",
    "disk": "the disk full: RLIMIT_FSIZE, or ENOSPC injected for once or for good",
    "locked": "jobs.db and corrections.db locked by another process beyond the patience",
    "read-only": "the models folder, or all of RECOGNIZER_HOME, read-only",
    "deleted": "a model deleted while two processes read with it",
    "promotion": "kill -9 of who makes one model the default and then another",
    "clock": "the clock set back, by a second to 40 years (injected)",
}


def main() -> int:
    """Fill the page in."""
    PAGE.write_text(filled(PAGE.read_text("utf-8")), encoding="utf-8")
    return 0


def filled(text: str) -> str:
    """Return the page with the tables of the figures that there are."""
    return _BLOCK.sub(lambda found: found[1] + TABLES[found[2]]() + found[4], text)


def _soak() -> str:
    if not (run := _read("soak")):
        return _missing()
    rows = [
        [f"readings by {who}, from the {start} to the {'answer' if who == 'api' else 'metric'}",
         f"median {one['median']:g} ms, p95 {one['p95']:g} ms, largest {one['max']:g} ms", one["n"]]
        for who, start in (("protocol", "message"), ("chromium", "pen's lift"), ("api", "request"))
        if (one := run["readings"].get(who, {"n": 0}))["n"]
    ]  # fmt: skip
    memory = [one["rss"] for one in run["memory"]]
    rows += [
        ["errors", run["errors"], sum(one["n"] for one in run["readings"].values())],
        ["corrections lost", run["corrections"]["lost"], run["corrections"]["acknowledged"]],
        ["steps of the training meanwhile", f"{run['trained_steps']:,}", ""],
        ["the server's memory (RSS): start, end, most",
         ", ".join(f"{one} MB" for one in (memory[0], memory[-1], max(memory))), len(memory)],
    ]  # fmt: skip
    return markdown(["", "measured", "n"], rows) + _by(run)


def _run_of_faults() -> str:
    if not (run := _read("faults")):
        return _missing()
    rows = [
        [_FAULTS[name], one["moments"], _ends(one["ends"]), one["lost"], f"{one['seconds']} s"]
        for name, one in run["faults"].items()
    ]
    head = ["fault", "moments", "trainings that then were, and sentences told", "lost", "took"]
    return markdown(head, rows) + _by(run)


def _ends(ends: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in ends.items()) or "–"


def _fuzz() -> str:
    if not (run := _read("fuzz")):
        return _missing()
    rows = [
        [one["target"], f"{one['cases']:,}", len(one["failures"]), f"{one['slowest_ms']:.0f} ms",
         f"{one['peak_megabytes']} MB"]
        for one in run["targets"]
    ]  # fmt: skip
    rows.append(["in all", f"{run['cases']:,}", run["failures"], "", ""])
    return markdown(["target", "cases", "failures", "slowest", "peak memory"], rows) + _by(run)


def _storm() -> str:
    runs = _read("storm")
    entries = {name: run for name, run in runs.items() if name != "machine"}
    if not entries:
        return _missing()
    lines = {
        "at once, of the limit's size": lambda run: _answers(run["at_limit"]),
        "at once, over the limit and without a length": lambda run: _answers(
            run["over_limit_unsized"]
        ),
        "broken off at the cap": lambda run: "yes" if run["broken_off_at_cap"] else "no",
        "memory before, at most, with the files kept, 4 s after the sessions closed": lambda run: (
            ", ".join(f"{run['memory'][when]:,} MB" for when in ("before", "peak", "kept", "after"))
        ),
        "disk taken, at most": lambda run: f"{run['disk']:,} MB",
        "odd requests, and those answered badly": lambda run: (
            f"{run['malformed']}, {len(run['wrong'])}"
        ),
        "answers and reads a digit afterwards": lambda run: "yes" if run["healthy_after"] else "no",
        "command": lambda run: f"`{run['command']}`",
    }
    table = markdown(
        ["", *(f"`{name}`" for name in entries)],
        ([told, *map(of, entries.values())] for told, of in lines.items()),
    )
    return f"{table}\n{runs['machine']['hardware']}.\n"


def _answers(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} × {answer}" for answer, count in counts.items())


def _read(name: str) -> dict:
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def _by(run: dict) -> str:
    return f"\n`{run['command']}`, {run['machine']['hardware']}.\n"


def _missing() -> str:
    return "Not run yet.\n"


TABLES = {"soak": _soak, "faults": _run_of_faults, "fuzz": _fuzz, "storm": _storm}

if __name__ == "__main__":
    sys.exit(main())
