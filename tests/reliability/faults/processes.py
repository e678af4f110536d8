"""kill -9 of a training, and of the server while people draw, correct and train."""

import asyncio
import os
import random
import signal
import time
from contextlib import suppress

from helpers.trainings import process, wait_for
from reliability.faults.world import PATIENCE, World
from websockets.exceptions import WebSocketException

from benchmarks.helpers import servers
from benchmarks.helpers.streamlit_client import connected
from benchmarks.reliability.soak_people import Notes, Person, Script
from recognizer import jobs
from recognizer.datasets.corrections import Corrections
from recognizer.jobs import Job, State, database, folders
from recognizer.system import home

KILLS = 3  # of one training, at most
PEOPLE = 3


def trainer_killed(world: World, times: int, rng: random.Random) -> int:
    """Kill trainings; each resumes as if nothing had happened."""
    moments = 0
    while moments < times:
        job = world.start()
        for starts in range(1, KILLS + 1):
            moments += _killed(job, starts, rng.uniform(0, world.seconds))
            world.check()
            if database.find_job(job.id).published or starts == KILLS:
                break
            jobs.resume(job.id)
        world.check_training(job)
        world.check()
    return moments


def _killed(job: Job, starts: int, delay: float) -> bool:
    """Kill a training some seconds after its latest start; return whether it was under way."""
    wait_for(lambda: folders.log(job.id).count("process") == starts, PATIENCE)
    time.sleep(delay)
    if database.find_job(job.id).is_under_way:
        os.kill(process(job.id), signal.SIGKILL)
    wait_for(lambda: not folders.is_alive(job.id))
    return database.find_job(job.id).state == State.INTERRUPTED


def kill_trainings() -> None:
    """Kill whatever training is at work in this home."""
    for job in database.all_jobs():
        if job.is_under_way and folders.is_alive(job.id):
            with suppress(ProcessLookupError):
                os.kill(process(job.id), signal.SIGKILL)


def server_killed(world: World, times: int, rng: random.Random) -> int:
    """Kill the server; what it acknowledged is there, trainings go on, and it starts again."""
    notes, job = Notes(), world.start()
    for _ in range(times):
        with servers.serve(home.PROJECT / "app.py", world.home) as (address, server):
            asyncio.run(_until_killed(address, server, rng, notes))
        assert notes.errors == [], notes.errors
        kept = Corrections()
        lost = [one for one, label in notes.kept.items() if kept.label_of(one) != label]
        assert not lost, f"lost: {len(lost)} of {len(notes.kept)}"
        if not database.find_job(job.id).is_under_way:
            world.check_training(job)
            job = world.start()
    world.check_training(job)
    world.check()
    return times


async def _until_killed(address: str, server: int, rng: random.Random, notes: Notes) -> None:
    """Let people draw and correct, and kill the server meanwhile."""
    tasks = [
        asyncio.create_task(_draw(address, Script(rng.randrange(10**6), number), notes))
        for number in range(PEOPLE)
    ]
    before = len(notes.times["protocol"])
    while len(notes.times["protocol"]) == before:  # it reads again after the kill before
        assert not all(task.done() for task in tasks), notes.errors
        await asyncio.sleep(0.01)
    await asyncio.sleep(rng.uniform(0, 1))
    os.kill(server, signal.SIGKILL)
    await asyncio.gather(*tasks)


async def _draw(address: str, script: Script, notes: Notes) -> None:
    """Draw and correct until the server is gone."""
    with suppress(OSError, WebSocketException):
        async with connected(address) as session:
            person = Person(session, script, notes)
            while not notes.errors:
                await person.draw_one()
