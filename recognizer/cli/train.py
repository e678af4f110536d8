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
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recognizer.architectures import ARCHITECTURES
from recognizer.cli import tables
from recognizer.cli.training import experiment, recipe, settings
from recognizer.errors import ModelError, SettingError
from recognizer.records import TrainingConfig

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
        "first-stage: only the first of its two trainings; small: a quick one as small-six-conv; "
        "preview: distil a network that previews the default model's readings in the browser",
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
    command.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="go on from this model instead of from fresh weights; old rows are replayed",
    )
    command.add_argument("--hand", metavar="NAME", help="of --from: also train on this handwriting")
    command.add_argument("--resume", metavar="ID", help="go on with a training or an experiment")
    tables.add_to(command)
    settings.add_to(command)
    experiment.add_to(command)
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
    worker.add_argument("turns", nargs="+", metavar="ID LOCK")
    worker.set_defaults(run=work)


def train(options: argparse.Namespace) -> int | None:
    """Train a network, measure it on the held-out rows and publish it; Ctrl-C keeps the best.

    A recipe's stages follow one another; one that is published already is not repeated.
    """
    if options.recipe == recipe.PREVIEW:
        return recipe.distil(options, recipe.data_folder(options), (*settings.SETTINGS, "schedule"))
    from recognizer.datasets import library
    from recognizer.jobs import finalize
    from recognizer.models import registry

    experiment.check(options)
    if several := _experiment(options):
        return experiment.work(*several, _ctrl_c_asks)
    job, lock = _requeue(options) if options.resume else _new(options)
    while True:
        data = recipe.data_folder(options) if library.is_of_recipe(job.tables) else None
        ended, models_dir = carry_out(job, lock)
        if ended is None:
            return INTERRUPTED
        if data is None:
            return None
        from recognizer.training import recipes  # which needs OpenCV

        finalize.forget_recipe_tables(ended.tables)
        if job.name != recipes.START or options.recipe == recipes.FIRST:
            recipe.measure(registry.find_model(ended.published, models_dir), data)
            return None
        if options.resume:  # of which recipe it was a part, and with what options, is not known
            print("Give the command of the recipe again: it goes on from this model.")
            return None
        job, lock = recipe.queue_next(options, settings.chosen)


def _experiment(options: argparse.Namespace) -> tuple[str, list[tuple[Any, Any]]] | None:
    """Queue an experiment, or the rest of one; return its id and its runs with their locks.

    None where one training is asked for.
    """
    from recognizer.jobs import experiments, queue
    from recognizer.models import registry

    if options.resume:
        if not experiments.is_one(_only(options)):
            return None
        return options.resume, queue.requeue_experiment(options.resume)
    if not experiment.is_asked(options):
        return None
    _check_given(options)
    early = settings.chosen(ARCHITECTURES[options.architecture].advice, options)
    if not options.decisions:  # the names at least, before the table is read
        for name in experiment.runs(options, early):
            queue.check_free(registry.check_name(name), options.models_dir)
    config, ids = _prepared(options)
    made, held = queue.enqueue_experiment(
        options.name,
        experiment.runs(options, config),
        ids,
        stop_early=bool(options.stop_early),
        models_dir=options.models_dir,
    )
    return made.id, list(zip(made.runs, held, strict=True))


def _requeue(options: argparse.Namespace) -> tuple[Any, Any]:
    """Queue the training that is to be resumed."""
    from recognizer.jobs import queue

    return queue.requeue(_only(options))


def carry_out(job: Any, lock: Any) -> tuple[Any, Path | None]:
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
    from recognizer.jobs.experiments import all_experiments

    found = all_jobs()
    if options.json:
        print(json.dumps([asdict(job) for job in found], indent=2))
        return
    for one in all_experiments():
        done = sum(bool(job.published) for job in one.runs)
        print(f"{one.id}  {one.name:24} experiment: {done} of {len(one.runs)} trainings published")
    for job in found:
        share = job.step / job.steps
        print(f"{job.id}  {job.name:24} {job.config.architecture:12} {job.state:12} {share:4.0%}")
        if job.message:
            print(f"          {job.message}")


def work(options: argparse.Namespace) -> None:
    """Work on queued trainings; this process has inherited the locks of their folders."""
    from recognizer.cli.progress import event_printer
    from recognizer.jobs import worker as job_worker
    from recognizer.system.home import now
    from recognizer.system.locks import Lock
    from recognizer.system.process import lower_priority

    print(f"{now()} process {os.getpid()}", flush=True)
    lower_priority()

    def on_turn(job: Any) -> Any:
        if len(options.turns) > 2:
            print(f"{now()} {job.name} ({job.id})", flush=True)
        return event_printer(job.config)

    pairs = zip(options.turns[::2], options.turns[1::2], strict=True)
    turns = [(job_id, Lock(int(handle))) for job_id, handle in pairs]
    for ended in job_worker.work_all(turns, on_turn=on_turn):
        print(f"{ended.state}: {ended.message}", flush=True)


def _only(options: argparse.Namespace) -> str:
    """Return the id to resume; the rest of the training is settled."""
    if options.table or options.name or options.architecture or options.start:
        raise SettingError(
            "--resume goes on with what a training began with: leave out the table, --from, "
            "--architecture and --name."
        )
    return options.resume


def _new(options: argparse.Namespace) -> tuple[Any, Any]:
    """Keep the digits in the library and queue a training on them."""
    from recognizer.jobs import queue
    from recognizer.models import registry

    if options.recipe:
        return recipe.queue_next(options, settings.chosen)
    if options.start:
        return recipe.queue_from(options, settings.chosen, _tables)
    _check_given(options)
    queue.check_free(registry.check_name(options.name), options.models_dir)
    config, ids = _prepared(options)
    return queue.enqueue(options.name, config, ids, models_dir=options.models_dir)


def _check_given(options: argparse.Namespace) -> None:
    for name in ("table", "architecture", "name"):
        if getattr(options, name) is None:
            raise SettingError(
                f"{'train.csv' if name == 'table' else '--' + name} is missing: a training needs a "
                "table, --architecture and --name, or --from and --name; see python -m recognizer "
                "train --help."
            )


def _prepared(options: argparse.Namespace) -> tuple[TrainingConfig, tuple[str, ...]]:
    """Return the settings, and the ids of the tables, which are kept in the library now."""
    config = settings.chosen(ARCHITECTURES[options.architecture].advice, options)
    ids = tuple(_tables(options, config.seed))
    return experiment.learning(options, config, ids), ids


def _tables(options: argparse.Namespace, seed: int) -> Iterator[str]:
    """Keep each source of digits in the library; yield the tables' ids."""
    from recognizer import datasets
    from recognizer.datasets import library, mnist
    from recognizer.training import recipes

    if options.table:
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
    if options.hand:
        from recognizer.cli.people import hands

        digits = hands.kept(options.hand).digits()
        yield library.add(
            digits, f"handwriting of {options.hand}", extra=True, derived=f"hand {options.hand}"
        ).id


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
