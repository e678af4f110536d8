"""Kill trainings at random moments, for long: `make soak`, or `make soak ARGS="--seed 7"`.

Each kill is a real kill -9 of a real process; after each the models must be whole, and in the end
each training must have told and published what an uninterrupted one does. `--keras` takes the real
trainer, which takes minutes.
"""

import argparse
import os
import random
import secrets
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import fake_work
from trainings import CONFIG, curve, keep_table, process, wait_for

from recognizer import job_files, jobs, store
from recognizer.jobs import Job, State

PATIENCE = 300  # seconds until a training that is not killed must have ended


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--keras", action="store_true")
    options = parser.parse_args()
    say(f"{options.kills} kills with --seed {options.seed}")
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"RECOGNIZER_HOME": home, "FAKE_PAUSE": "0.04"}
        if not options.keras:
            jobs.COMMAND = fake_work.COMMAND
        started = time.monotonic()
        kills = soak(keep_table(), options.kills, random.Random(options.seed))
    say(
        f"{kills} kills, all resumed as if nothing had happened: {time.monotonic() - started:.0f} s"
    )
    return 0


def soak(table: str, kills: int, rng: random.Random) -> int:
    """Return how many kills there were."""
    config = replace(CONFIG, epochs=4)
    began = time.monotonic()
    whole = ended(jobs.submit("whole", config, (table,)))
    assert whole.state == State.DONE, whole
    seconds = time.monotonic() - began
    tolerance = 0 if jobs.COMMAND == fake_work.COMMAND else 1e-4
    count = number = 0
    while count < kills:
        number += 1
        job = jobs.submit(f"mine-{number}", config, (table,))
        for starts, delay in enumerate((rng.uniform(0, seconds) for _ in range(5)), start=1):
            count += killed(job, starts, delay)
            if jobs.find(job.id).published:
                break
            jobs.resume(job.id)
        check(ended(job), whole, tolerance)
        say(f"{count:4} kills, {number} trainings")
    return count


def killed(job: Job, starts: int, delay: float) -> bool:
    """Kill a training some seconds after its latest start; return whether it was under way."""
    time.sleep(delay)
    wait_for(lambda: jobs.log(job.id).count("process") == starts, PATIENCE)
    if jobs.find(job.id).is_under_way:
        os.kill(process(job.id), signal.SIGKILL)
    wait_for(lambda: not job_files.is_alive(job.id))
    assert store.list_models().broken == {}
    return jobs.find(job.id).state == State.INTERRUPTED


def check(job: Job, whole: Job, tolerance: float) -> None:
    """The training told and published the same as the one that nothing interrupted."""
    assert job.state == State.DONE, job
    ours, theirs = curve(job.id), curve(whole.id)
    assert [point[:4] for point in ours] == [point[:4] for point in theirs]
    apart = max(abs(a[4] - b[4]) for a, b in zip(ours, theirs, strict=True))
    assert apart <= tolerance, f"losses differ by {apart}"
    cards = {model.name: model.card for model in store.list_models().whole}
    assert cards[job.name].accuracy == cards["whole"].accuracy
    assert tolerance or cards[job.name].sha256 == cards["whole"].sha256
    jobs.delete(job.id)


def ended(job: Job) -> Job:
    wait_for(lambda: not jobs.find(job.id).is_under_way, PATIENCE)
    return jobs.find(job.id)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
