"""Commands that train: in this process, with its progress in the terminal, or as a queued job's.

`work` is what `jobs` starts; it is not in --help.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from recognizer.architectures import ARCHITECTURES
from recognizer.cli import tables
from recognizer.errors import ModelError, SettingError
from recognizer.records import TrainingConfig
from recognizer.training.config import RANGES, SCHEDULES

SETTINGS = {  # of a TrainingConfig: how each is read, and what is said of it
    "epochs": (int, "N", "passes over the rows"),
    "batch_size": (int, "N", "images a step"),
    "learning_rate": (float, "R", "its peak"),
    "weight_decay": (float, "R", "share of each weight, times the rate, taken off in a step"),
    "plain_epochs": (int, "N", "the last epochs, without augmentation"),
    "seed": (int, "N", "of everything that is random"),
    "patience": (int, "N", "epochs without a better reading until it ends; 0: never"),
    "validation": (float, "SHARE", "of the rows, to watch the training with"),
    "held_out": (float, "SHARE", "of the rows, to measure the finished network with"),
}
INTERRUPTED = 130  # exit status, the shell's for Ctrl-C


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add these commands to the command line."""
    command = commands.add_parser("train", help="train a network and publish it")
    command.add_argument("table", nargs="?", metavar="train.csv", help="labelled digits")
    command.add_argument("--architecture", choices=tuple(ARCHITECTURES))
    command.add_argument("--name", help="of the model that is published")
    command.add_argument(
        "--recipe",
        type=_recipe,
        metavar="NAME",
        help="default: train the shipped default model anew, from the files in --data",
    )
    command.add_argument(
        "--data", type=Path, metavar="DIR", help="of --recipe; default: RECOGNIZER_DATA"
    )
    command.add_argument(
        "--strokes", metavar="FILE", help="also train on these pen drawings, .jsonl or .jsonl.gz"
    )
    command.add_argument(
        "--corrections", action="store_true", help="also train on drawings you corrected"
    )
    command.add_argument("--resume", metavar="ID", help="go on with a training of `jobs` instead")
    tables.add_to(command)
    _add_settings(command)
    command.add_argument(
        "--models-dir",
        type=Path,
        metavar="DIR",
        help="publish there; default: RECOGNIZER_HOME/models",
    )
    command.set_defaults(run=train)
    listed = commands.add_parser("jobs", help="list the trainings")
    listed.add_argument("--json", action="store_true", help="print one JSON document")
    listed.set_defaults(run=jobs)
    worker = commands.add_parser("work")
    worker.add_argument("id")
    worker.add_argument("lock", type=int)
    worker.set_defaults(run=work)


def train(options: argparse.Namespace) -> int | None:
    """Train a network, measure it on the held-out rows and publish it; Ctrl-C keeps the best."""
    from recognizer.cli.progress import event_printer
    from recognizer.datasets import library
    from recognizer.jobs import finalize
    from recognizer.jobs import worker as job_worker
    from recognizer.jobs.queue import requeue
    from recognizer.jobs.records import State
    from recognizer.models import registry
    from recognizer.system import home

    job, lock = requeue(_only(options)) if options.resume else _new(options)
    data = _data(options) if library.is_of_recipe(job.tables) else None
    print(f"Training {job.name} is job {job.id}.", flush=True)
    try:
        with _ctrl_c_asks() as asked:
            ended = job_worker.work(job.id, lock, on_event=event_printer(job.config), stopped=asked)
    except KeyboardInterrupt:
        print(f"Go on with: python -m recognizer train --resume {job.id}", file=sys.stderr)
        return INTERRUPTED
    if ended.state == State.FAILED:
        raise ModelError(ended.message)
    print(f"{ended.name}: {ended.message}")
    if ended.published is None:
        return INTERRUPTED
    models_dir = Path(ended.models_dir or home.folder() / "models")
    print(f"Published in {models_dir / ended.published}.")
    if data is not None:
        _measure(registry.find_model(ended.published, models_dir), data)
        finalize.forget_recipe_tables(ended.tables)
    return None


def jobs(options: argparse.Namespace) -> None:
    """List the trainings, the newest first."""
    from recognizer.jobs.database import all_jobs

    found = all_jobs()
    if options.json:
        print(json.dumps([asdict(job) for job in found], indent=2))
        return
    for job in found:
        share = job.step / job.steps
        print(f"{job.id}  {job.name:24} {job.config.architecture:12} {job.state:12} {share:4.0%}")
        if job.message:
            print(f"          {job.message}")


def work(options: argparse.Namespace) -> None:
    """Work on a queued training; this process has inherited the lock of its folder."""
    from recognizer.cli.progress import event_printer
    from recognizer.jobs import worker as job_worker
    from recognizer.jobs.database import find_job
    from recognizer.system.home import now
    from recognizer.system.locks import Lock
    from recognizer.system.process import lower_priority

    print(f"{now()} process {os.getpid()}", flush=True)
    lower_priority()
    on_event = event_printer(find_job(options.id).config)
    ended = job_worker.work(options.id, Lock(options.lock), on_event=on_event)
    print(f"{ended.state}: {ended.message}", flush=True)


def _add_settings(command: argparse.ArgumentParser) -> None:
    for option, (kind, letter, told) in SETTINGS.items():
        command.add_argument(
            "--" + option.replace("_", "-"),
            type=_setting(option, kind),
            metavar=letter,
            help=f"{told} (default: what suits the architecture)",
        )
    command.add_argument("--schedule", choices=SCHEDULES, help="of the learning rate")
    command.add_argument(
        "--no-augment", action="store_true", help="train on the images exactly as they are"
    )


def _setting(name: str, kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return what reads a setting from the command line."""

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if not RANGES[name].holds(value):
            raise argparse.ArgumentTypeError(f"{text!r}: expected a {RANGES[name]}")
        return value

    return read


def _recipe(name: str) -> str:
    """Return the name of a recipe; only who names one waits for what recipes import."""
    from recognizer.training.recipes import RECIPES

    if name not in RECIPES:
        raise argparse.ArgumentTypeError(f"{name!r}: expected {' or '.join(RECIPES)}")
    return name


def _only(options: argparse.Namespace) -> str:
    """Return the id to resume; the rest of the training is settled."""
    if options.table or options.name or options.architecture:
        raise SettingError(
            "--resume goes on with what a training began with: leave out the table, "
            "--architecture and --name."
        )
    return options.resume


def _new(options: argparse.Namespace) -> tuple[Any, Any]:
    """Keep the digits in the library and queue a training on them."""
    from recognizer.jobs import queue
    from recognizer.models import registry

    if options.recipe:
        return _new_by_recipe(options)
    for name in ("table", "architecture", "name"):
        if getattr(options, name) is None:
            raise SettingError(
                f"{'train.csv' if name == 'table' else '--' + name} is missing: a training needs a "
                "table, --architecture and --name; see python -m recognizer train --help."
            )
    queue.check_free(registry.check_name(options.name), options.models_dir)
    config = _settings(ARCHITECTURES[options.architecture].advice, options)
    tables = tuple(_tables(options, config.seed))
    return queue.enqueue(options.name, config, tables, models_dir=options.models_dir)


def _new_by_recipe(options: argparse.Namespace) -> tuple[Any, Any]:
    """Make what the recipe learns from and queue its training."""
    from recognizer.jobs import queue
    from recognizer.training import recipes

    for name in ("table", "architecture", "strokes", "corrections"):
        if getattr(options, name):
            raise SettingError(
                f"--recipe brings its own digits and network: leave out "
                f"{'train.csv' if name == 'table' else '--' + name}."
            )
    config = _settings(recipes.RECIPES[options.recipe], options)
    name = options.name or queue.free_name(config.architecture, options.models_dir)
    queue.check_free(name, options.models_dir)
    data = _data(options)
    recipes.check(data)
    print("Drawing what it learns from; that takes some minutes.", flush=True)
    tables = recipes.tables(data, config)
    return queue.enqueue(name, config, tables, models_dir=options.models_dir)


def _measure(model: Any, data: Path) -> None:
    """Measure a model made by a recipe on drawings, and say how well it reads them."""
    from recognizer.training import recipes

    card = recipes.measure(model, data)
    low, high = card.drawn.interval
    print(
        f"{card.drawn.accuracy:.4f} of {card.drawn.n:,} pen drawings read right (95 % interval "
        f"{low:.4f} to {high:.4f}); {card.rejection.digits:.1%} of the digits and "
        f"{card.rejection.others:.1%} of {card.rejection.others_n:,} letters doubted."
    )


def _data(options: argparse.Namespace) -> Path:
    folder = options.data or os.environ.get("RECOGNIZER_DATA")
    if not folder:
        raise SettingError(
            "--data is missing: the folder of digits and drawings; the README names their sources."
        )
    return Path(folder)


def _settings(usual: TrainingConfig, options: argparse.Namespace) -> TrainingConfig:
    """Return the usual settings with those that were given."""
    asked = {name: getattr(options, name) for name in (*SETTINGS, "schedule")}
    given = {name: value for name, value in asked.items() if value is not None}
    if options.no_augment:
        given["augment"] = False
    return replace(usual, **given)


def _tables(options: argparse.Namespace, seed: int) -> Iterator[str]:
    """Keep each source of digits in the library; yield the tables' ids."""
    from recognizer import datasets
    from recognizer.datasets import library, mnist
    from recognizer.training import recipes

    file = Path(options.table).name
    licence = mnist.LICENCE if file == recipes.SCANS else library.UNKNOWN_LICENCE
    read = datasets.read_table(options.table, adjustments=tables.adjustments(options))
    tables.say(options.table, read.dialect)
    yield library.add(read.digits, file, licence).id
    if options.strokes:
        from recognizer.datasets import corrections, rendering
        from recognizer.imaging import strokes

        drawn = strokes.read_drawings(options.strokes)
        digits = rendering.render_drawings(drawn, seed=seed)
        yield library.add(digits, Path(options.strokes).name, extra=True).id
    if options.corrections:
        from recognizer.datasets import corrections, rendering

        yield library.add(corrections.corrected(), "corrected drawings", extra=True).id


@contextmanager
def _ctrl_c_asks() -> Iterator[Callable[[], bool]]:
    """Make the first Ctrl-C a question, and the second one what it was."""
    asked = False

    def ask(*_: Any) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, before)
        os.write(2, b"\nStopping; the best so far is kept. Ctrl-C again ends at once.\n")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
