"""Train the teachers one after the other, then all students at once on what the teachers say.

Hinton, Vinyals & Dean (2015), "Distilling the knowledge in a neural network"; that teacher and
student see the same view of a picture, for many epochs, is of Beyer et al. (2022), "Knowledge
distillation: a good teacher is patient and consistent". Multiplications are in bfloat16.
"""

import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np

from recognizer import evaluation
from recognizer.architectures import architecture, network_input
from recognizer.errors import DataError
from recognizer.outputs import digit_probabilities
from recognizer.system import atomic
from tools.distil import FACTS, SECOND_PART, STUDENTS, WEIGHTS, Run, Student
from tools.distil.batches import BATCH, SHARES, Pictures, batch
from tools.distil.learner import AVERAGING, WEIGHT_DECAY, Learner, values
from tools.distil.networks import OUTPUTS, TEACHERS

TEACHER_STEPS = {"m3": 11_240, "m5": 17_180, "m7": 11_740, "wide": 25_360}  # a minute of an H200
STUDENT_STEPS = 20_840  # three minutes
TEACHER_RATE = 4e-3
TAUGHT = 0.7  # share of the teachers in a target
PLAIN = 0.15  # share of the steps, the last ones, without augmentation
STEPS_A_CALL = 20  # between them nothing waits for Python


def train(pictures: Path, out: Path, *, shorter: int = 1) -> None:
    """Train everything and write `teacher-NAME-STEPS.npz`, `students.npz` and `run.json`.

    A teacher that is in `out` is not trained again.

    Args:
        pictures: as `pictures.write` writes it.
        out: folder for the results.
        shorter: divides the numbers of steps: for a trial.

    Raises:
        DataError: there are no pictures.
    """
    if not pictures.is_file():
        raise DataError(f"{pictures} is no file: name the one that `pictures` wrote.")
    print(f"On {jax.devices()[0].device_kind}.", flush=True)
    keras.config.set_dtype_policy("mixed_bfloat16")
    out.mkdir(parents=True, exist_ok=True)
    drawn = np.load(pictures, allow_pickle=False)
    learned = {
        kind: (jnp.asarray(drawn[f"{kind}_images"]), jnp.asarray(drawn[f"{kind}_labels"], int))
        for kind in SHARES
    }
    teachers = []
    for number, (name, build) in enumerate(TEACHERS.items()):
        keras.utils.set_random_seed(100 + number)
        steps = _whole(TEACHER_STEPS[name] // shorter)
        teacher, file = _float32_outputs(build()), out / f"teacher-{name}-{steps}.npz"
        if file.exists():
            load(teacher, file)
        else:
            _fit({name: Learner(teacher, TEACHER_RATE)}, learned, [], steps, 100 + number)
            atomic.write(file, lambda to, of=teacher: np.savez(to, *of.get_weights()))
        teachers.append(teacher)
        _report(name, teacher, drawn)
    students = {}
    for number, student in enumerate(STUDENTS):
        keras.utils.set_random_seed(200 + number)
        students[student.name] = _learner(student)
    steps = _whole(STUDENT_STEPS // shorter)
    _fit(students, learned, teachers, steps, 200)
    _write(students, steps, {kind: len(labels) for kind, (_, labels) in learned.items()}, out)
    for name, student in students.items():
        _report(name, student.network, drawn)


def load(network: keras.Model, file: Path) -> None:
    """Give a network the weights of a file that `train` wrote."""
    kept = np.load(file, allow_pickle=False)
    network.set_weights([kept[f"arr_{number}"] for number in range(len(kept.files))])


def _learner(student: Student) -> Learner:
    network = _float32_outputs(architecture(student.name).build())
    return Learner(network, student.learning_rate, SHARES["scans"] if student.scans_only else BATCH)


def _float32_outputs(network: keras.Model) -> keras.Model:
    """Give the last layer float32: in bfloat16 a probability has two digits."""
    network.layers[-1].dtype_policy = keras.DTypePolicy("float32")
    return network


def _fit(
    learners: Mapping[str, Learner],
    pictures: Pictures,
    teachers: Sequence[keras.Model],
    steps: int,
    seed: int,
) -> None:
    """Train networks on the same batches.

    Args:
        learners: by name.
        pictures: what the batches are drawn of.
        teachers: whose mean is a part of the targets; none: the labels alone.
        steps: a multiple of `STEPS_A_CALL`.
        seed: of the batches.
    """

    def step(number: jax.Array, states: dict, pictures: Pictures, teaching: list) -> tuple:
        key = jax.random.fold_in(jax.random.key(seed), number)
        plain = (number >= (1 - PLAIN) * steps).astype(jnp.float32)
        images, labels = batch(key, pictures, plain)
        targets = _targets(labels, images, teachers, teaching)
        made = {
            name: learner.step(states[name], images, targets, number, steps)
            for name, learner in learners.items()
        }
        losses = {name: value for name, (_, value) in made.items()}
        return {name: state for name, (state, _) in made.items()}, losses

    def call(states: dict, first: jax.Array, pictures: Pictures, teaching: list) -> tuple:
        begun = {name: jnp.float32(0) for name in learners}
        return jax.lax.fori_loop(
            0,
            STEPS_A_CALL,
            lambda i, now: step(first + i, now[0], pictures, teaching),
            (states, begun),
        )

    run = jax.jit(call, donate_argnums=0)
    states = jax.tree.map(jnp.copy, {name: one.state() for name, one in learners.items()})
    teaching, started = [values(teacher) for teacher in teachers], time.monotonic()
    for first in range(0, steps, STEPS_A_CALL):
        states, losses = run(states, jnp.float32(first), pictures, teaching)
        if (first // STEPS_A_CALL) % 100 == 0:
            seconds = time.monotonic() - started
            shown = ", ".join(f"{name} {float(loss):.4f}" for name, loss in losses.items())
            print(f"{first:,} of {steps:,} steps, {seconds:.0f} s: {shown}", flush=True)
    for name, learner in learners.items():
        learner.finish(states[name])


def _targets(
    labels: jax.Array, images: jax.Array, teachers: Sequence[keras.Model], teaching: list
) -> jax.Array:
    """Return what is to be learned of each image, (n, 11)."""
    targets = jax.nn.one_hot(labels, OUTPUTS)
    if not teachers:
        return targets
    said = [
        teacher.stateless_call(*weights, images, training=False)[0]
        for teacher, weights in zip(teachers, teaching, strict=True)
    ]
    return (1 - TAUGHT) * targets + TAUGHT * sum(said) / len(said)


def _whole(steps: int) -> int:
    return max(1, steps // STEPS_A_CALL) * STEPS_A_CALL


def _report(name: str, network: keras.Model, drawn: Mapping[str, np.ndarray]) -> None:
    """Print how a network reads the second part."""
    found = []
    for kind in SECOND_PART:
        images, labels = drawn[f"val_{kind}_images"], drawn[f"val_{kind}_labels"]
        outputs = network.predict(network_input(images), batch_size=BATCH, verbose=0)
        read = evaluation.evaluate(digit_probabilities(np.asarray(outputs, float)), labels)
        found.append(f"{kind} {round((1 - read.accuracy) * read.n)} of {read.n:,}")
    print(f"{name} misreads of the second part: {', '.join(found)}", flush=True)


def _write(
    students: Mapping[str, Learner], steps: int, pictures: Mapping[str, int], out: Path
) -> None:
    weights = {
        f"{name}/{number:03}": weight
        for name, student in students.items()
        for number, weight in enumerate(student.network.get_weights())
    }
    np.savez_compressed(out / WEIGHTS, **weights)
    device = jax.devices()[0].device_kind
    facts = Run(
        steps=steps,
        shares=SHARES,
        pictures=pictures,
        plain=PLAIN,
        averaging=AVERAGING,
        weight_decay=WEIGHT_DECAY,
        teachers=tuple(TEACHERS),
        hardware=f"1 {device}, {os.cpu_count()} {platform.machine()} cores, {sys.platform}",
        versions={
            "python": platform.python_version(),
            "keras": keras.__version__,
            "jax": jax.__version__,
            "numpy": np.__version__,
        },
    )
    atomic.write_json(out / FACTS, asdict(facts))
