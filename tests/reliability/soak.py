"""Let things go wrong at random moments, for long: `make soak`, or

make soak ARGS="--fault all --seed 7 --times 50"    each fault at 50 moments
make soak ARGS="--fault trainer --keras"            kills of the real trainer, which take minutes

What goes wrong is real where it can be: kill -9 of real processes, limits and permissions of the
kernel, a database locked by another process; a full disk and the clock are stood in for. After each
moment the models must load, the pages be shown, no acknowledged correction be lost, no file be
half, and each training end, resumed, as an undisturbed one does. Figures go to
benchmarks/reliability/faults.json.
"""

import argparse
import json
import logging
import os
import random
import secrets
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from reliability.faults import changes, disk, processes
from reliability.faults.world import World

from benchmarks import results
from benchmarks.helpers import servers

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "reliability" / "faults.json"
FAULTS = {
    "trainer": processes.trainer_killed,
    "server": processes.server_killed,
    "disk": disk.disk_full,
    "locked": disk.locked,
    "read-only": disk.read_only,
    "deleted": changes.model_deleted,
    "promotion": changes.promotion_killed,
    "clock": changes.clock_set_back,
}


def main() -> int:
    options = parser().parse_args()
    servers.end_when_asked()
    names = list(FAULTS) if options.fault == "all" else [options.fault]
    print(
        f"{', '.join(names)}: {options.times} moments each with --seed {options.seed}", flush=True
    )
    asked = f"--fault {options.fault} --seed {options.seed} --times {options.times}"
    command = f'make soak ARGS="{asked}{" --keras" * options.keras}"'
    document = {"machine": results.machine(), "command": command, "faults": {}}
    for name in names:
        began = time.monotonic()
        figures = happen(name, options.times, options.seed, keras=options.keras)
        seconds = round(time.monotonic() - began)
        document["faults"][name] = {**figures, "lost": 0, "seconds": seconds}
        print(f"{name}: {figures}, nothing lost, {seconds} s", flush=True)
        options.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    top.add_argument("--fault", choices=["all", *FAULTS], default="trainer")
    top.add_argument("--times", type=int, default=50, help="moments of each fault")
    top.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    top.add_argument("--keras", action="store_true", help="the real trainer; only of its kills")
    top.add_argument("--out", type=Path, default=FILE)
    return top


def happen(name: str, times: int, seed: int, *, keras: bool = False) -> dict:
    """Let one kind of fault happen in a home of its own; return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        os.environ["RECOGNIZER_HOME"] = str(home)
        try:
            world = World.made(home, pause=0.03, keras=keras)
            moments = FAULTS[name](world, times, random.Random(f"{seed} {name}"))
        finally:  # also when asked to end in the middle: no training outlives its home
            processes.kill_trainings()
        return {"moments": moments, "ends": dict(sorted(world.ends.items()))}


if __name__ == "__main__":
    logging.disable()  # Streamlit's, of pages without a server
    warnings.simplefilter("ignore")
    sys.exit(main())
