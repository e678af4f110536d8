"""A model's `.tflite` with some bytes changed, and a card that confirms it.

LiteRT believes what a file says of itself, so that each is tried in a process of its own; a case
takes as long as that starts, and there are few.
"""

import os
import resource
from unittest.mock import patch

import numpy as np
from helpers.factories import CARD, stored
from hypothesis import strategies as st
from reliability.fuzzing.damage import blows, damaged
from reliability.fuzzing.records import folder
from reliability.fuzzing.target import Target, told

from recognizer.errors import ModelError
from recognizer.inference import Recognizer, trial
from recognizer.models import registry

MOST = 2**20  # kilobytes of the child: half of it is what it may take, the rest are libraries
SMALL = "softmax"  # of 32 kB, so that a change reaches what describes the network

_flips = st.lists(
    st.tuples(st.just("flip"), *[st.integers(0, 2**16 - 1)] * 2, st.just(1), st.just(0)),
    min_size=1,
    max_size=8,
)


def check_network(of_file: list[tuple]) -> None:
    """It is refused in a sentence that the next process knows too, or it gives probabilities."""
    content = (registry.SHIPPED / SMALL / registry.TFLITE_FILE).read_bytes()
    before = _peak()
    with folder() as home, patch.dict(os.environ, RECOGNIZER_HOME=str(home)):
        stored(home / "models", damaged(content, of_file), CARD)
        said = told(_tried, ModelError)
        if (home / trial.FILE).exists():  # not where another trial may find something else
            assert told(_tried, ModelError) == said
        if said is None:
            images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
            assert np.isfinite(Recognizer.load(CARD.name).predict(images)).all()
    assert _peak() <= max(before, MOST)


def _peak() -> int:
    """Return the most memory of a child so far, in kilobytes.

    Linux counts what this process held when it started the child, too.
    """
    whose = resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF
    return max(resource.getrusage(one).ru_maxrss for one in whose)


def _tried() -> None:
    with patch.object(trial, "_known", {}):  # as in a process that has just begun
        trial.check(registry.find_model(CARD.name))


TARGETS = (Target("networks", _flips | blows.filter(bool), check_network, cost=50, seconds=90),)
