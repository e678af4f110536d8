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
from recognizer.cli import recipe, tables
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
    "validation": (float, "SHARE", "of the rows, for validation"),
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
        type=recipe.name,
        metavar="NAME",
        help="default: train the shipped default model anew, from the files in --data; "
        "second-stage: go on from there; preview: distil a small network that previews the default "
        "model's readings in the browser",
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
    """Train a network, measure it on the held-out rows and publish it; Ctrl-C keeps the best.

    A recipe's stages follow one another; one that is published already is not repeated.
    """
    if options.recipe == recipe.PREVIEW:
        return recipe.distil(options, recipe.data_folder(options), (*SETTINGS, "schedule"))
    from recognizer.datasets import library
    from recognizer.jobs import finalize
    from recognizer.models import registry

    job, lock = _requeue(options) if options.resume else _new(options)
    while True:
        data = recipe.data_folder(options) if library.is_of_recipe(job.tables) else None
        ended, models_dir = _work(job, lock)
        if ended is None:
            return INTERRUPTED
        if data is None:
            return None
        from recognizer.training import recipes  # which needs OpenCV

        finalize.forget_recipe_tables(ended.tables)
        if job.name != recipes.START:
            recipe.measure(registry.find_model(ended.published, models_dir), data)
            return None
        job, lock = recipe.queue_next(options, _settings)


def _requeue(options: argparse.Namespace) -> tuple[Any, Any]:
    """Queue the training that is to be resumed."""
    from recognizer.jobs import queue

    return queue.requeue(_only(options))


def _work(job: Any, lock: Any) -> tuple[Any, Path | None]:
    """Train; return the training that has published, and where; None where it was interrupted."""
    from recognizer.cli.progress import event_printer
    from recognizer.jobs import worker as job_worker
    from recognizer.jobs.records import State
    from recognizer.system import home

    print(f"Training {job.name} is job {job.id}.", flush=True)
    try:
        with _ctrl_c_asks() as asked:
            ended = job_worker.work(job.id, lock, on_event=event_printer(job.config), stopped=asked)
    except KeyboardInterrupt:
        print(f"Go on with: python -m recognizer train --resume {job.id}", file=sys.stderr)
        return None, None
    if ended.state == State.FAILED:
        raise ModelError(ended.message)
    print(f"{ended.name}: {ended.message}")
    if ended.published is None:
        return None, None
    models_dir = Path(ended.models_dir or home.folder() / "models")
    print(f"Published in {models_dir / ended.published}.")
    return ended, models_dir


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
    for option, (kind, letter, help_text) in SETTINGS.items():
        command.add_argument(
            "--" + option.replace("_", "-"),
            type=_setting(option, kind),
            metavar=letter,
            help=f"{help_text} (default: what suits the architecture)",
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
        return recipe.queue_next(options, _settings)
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


def _settings(usual: TrainingConfig, options: argparse.Namespace) -> TrainingConfig:
    """Return the usual settings, with those of the command line in their place."""
    asked = {name: getattr(options, name) for name in (*SETTINGS, "schedule")}
    chosen = {name: value for name, value in asked.items() if value is not None}
    if options.no_augment:
        chosen["augment"] = False
    return replace(usual, **chosen)


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
