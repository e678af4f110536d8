"""A model that goes while it reads, kills amid promotions, and a clock that is set back."""

import random
import shutil
import time
from contextlib import ExitStack

from reliability.faults.world import World, running

from recognizer.models import maintenance, registry
from recognizer.system import home

LONGEST = 40 * 365 * 86_400  # seconds that the clock goes back, at most: before 1990
MODEL = "softmax"  # a small one that is shipped: copied, it is the user's
OTHER = "six-conv"


def model_deleted(world: World, times: int, rng: random.Random) -> int:
    """Delete a model, as the app does or by hand, while others read with it."""
    folder = home.folder() / "models" / "going"
    for moment in range(times):
        shutil.copytree(registry.SHIPPED / MODEL, folder)
        with ExitStack() as readers:
            for _ in range(2):
                readers.enter_context(running(world, "read", "going"))
            time.sleep(rng.uniform(0, 0.3))
            if moment % 2:
                shutil.rmtree(folder)
            else:
                maintenance.delete("going")
            time.sleep(0.1)
        world.check()
    return times


def promotion_killed(world: World, times: int, rng: random.Random) -> int:
    """Kill who makes one model the default and then another: one of both is, and can be chosen."""
    both = (MODEL, OTHER)
    for _ in range(times):
        with running(world, "promote", *both):
            time.sleep(rng.uniform(0, 0.5))
        assert registry.find_model().name in both
        world.check()
        for name in both:
            registry.promote(name)
            assert registry.find_model().name == name
    return times


def clock_set_back(world: World, times: int, rng: random.Random) -> int:
    """Set the clock back, by seconds or years, while one trains and one corrects."""
    for _ in range(times):
        back = 10 ** rng.uniform(0, 9.1)
        fault = f"clock {rng.uniform(0, world.seconds):.2f} {min(back, LONGEST):.0f}"
        job = world.start(fault)
        with running(world, "correct", FAULT=fault):
            time.sleep(rng.uniform(0, 0.5))
        world.check_training(job)
        world.check()
    return times
