"""`train` with several seeds or settings: one experiment; `--experiment` averages its models."""

import argparse
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from recognizer.architectures import ARCHITECTURES
from recognizer.cli.training import settings
from recognizer.errors import ModelError, SettingError
from recognizer.records import TrainingConfig

MEDIAN = "median"
BOTH, FOLLOW = "both", "follow"  # of --decisions
_SEVERAL = ("seeds", "architectures", "learning_rates", "batch_sizes", "folds")


def add_to(command: argparse.ArgumentParser) -> None:
    """Add the options to `train`."""
    group = command.add_argument_group(
        "several trainings", "queued as one experiment; all hold out the same rows"
    )
    group.add_argument(
        "--seeds",
        type=settings.reader("epochs", int),
        metavar="N",
        help="as many, from --seed upwards",
    )
    group.add_argument(
        "--architectures",
        nargs="+",
        choices=tuple(ARCHITECTURES),
        metavar="NAME",
        help="each of these networks, with the settings recommended for it but those given here",
    )
    for name, kind, letter in (("learning_rate", float, "R"), ("batch_size", int, "N")):
        group.add_argument(
            f"--{name.replace('_', '-')}s",
            nargs="+",
            type=settings.reader(name, kind),
            metavar=letter,
            help=f"each of these {name.replace('_', ' ')}s",
        )
    group.add_argument(
        "--folds",
        type=int,
        metavar="N",
        help="cross-validation: each run holds out another of so many parts of the rows",
    )
    group.add_argument(
        "--stop-early",
        choices=(MEDIAN,),
        help="end a run whose validation accuracy is below the median of the other runs of its "
        "architecture at the same epoch; its best is kept",
    )
    _add_learning(command)


def _add_learning(command: argparse.ArgumentParser) -> None:
    """Add what it learns from beside its rows."""
    command.add_argument(
        "--teacher",
        action="append",
        dest="teachers",
        metavar="NAME",
        help="also learn what this model reads in the training rows (distillation); again for more",
    )
    command.add_argument(
        "--decisions",
        nargs="?",
        const=FOLLOW,
        choices=(FOLLOW, BOTH),
        help="train on the labels as decided on the Batch page; both: with and without, as an "
        "experiment of two runs",
    )


def is_asked(options: argparse.Namespace) -> bool:
    """Whether there shall be several trainings."""
    several = any(getattr(options, name) is not None for name in _SEVERAL)
    return several or options.decisions == BOTH


def check(options: argparse.Namespace) -> None:
    """Refuse options that mean nothing together, before anything is read.

    Raises:
        SettingError: names them.
    """
    several = [
        f"--{name.replace('_', '-')}" for name in _SEVERAL if getattr(options, name) is not None
    ]
    if options.stop_early and (not is_asked(options) or options.folds):
        raise SettingError(
            "--stop-early compares runs that hold out the same rows: add --seeds, "
            "--architectures, --learning-rates or --batch-sizes, and leave out --folds."
        )
    if options.decisions == BOTH and several:
        raise SettingError(f"--decisions both is an experiment of its own: leave out {several[0]}.")
    if options.folds is not None and (others := [one for one in several if one != "--folds"]):
        raise SettingError(f"--folds is an experiment of its own: leave out {others[0]}.")
    if options.folds is not None:
        for name in ("held_out", "fold"):
            if getattr(options, name) is not None:
                raise SettingError(
                    f"--folds holds out each part of the rows in turn: leave out "
                    f"--{name.replace('_', '-')}."
                )
    if options.start and is_asked(options):
        raise SettingError(
            f"--from goes on with one training: leave out {(several or ['--decisions both'])[0]}."
        )
    own = options.teachers or options.decisions or options.fold is not None
    if options.recipe and (several or own):
        raise SettingError(
            "--recipe brings its own settings: leave out --seeds, --architectures, "
            "--learning-rates, --batch-sizes, --folds, --fold, --teacher and --decisions."
        )
    if options.architectures:
        if options.architecture:
            raise SettingError(
                "Name the networks with --architecture or --architectures, not both."
            )
        options.architecture = options.architectures[0]


def runs(options: argparse.Namespace, config: TrainingConfig) -> dict[str, TrainingConfig]:
    """Return the settings of each run, by the name of the model that it publishes."""
    from recognizer.jobs import experiments

    if options.decisions == BOTH:
        return experiments.with_and_without(options.name, config)
    if options.folds is not None:
        return experiments.folds(options.name, config, options.folds)
    others = (options.architectures or [])[1:]
    return experiments.grid(
        options.name,
        config,
        seeds=options.seeds or 1,
        others=[settings.chosen(ARCHITECTURES[one].advice, options) for one in others],
        learning_rates=options.learning_rates or (),
        batch_sizes=options.batch_sizes or (),
    )


def add_option(command: argparse.ArgumentParser) -> None:
    """Add --experiment to a command that reads."""
    command.add_argument(
        "--experiment",
        metavar="ID",
        help="instead of --model: the models of an experiment, the seeds of its best setting",
    )


def resolve(options: argparse.Namespace) -> None:
    """Put the models of --experiment in the place of --model, and say on stderr which they are.

    Raises:
        SettingError: both are given, or there is no such experiment.
        ModelError: fewer than two of its models are here.
    """
    if options.experiment is None:
        return
    if options.model:
        raise SettingError("Name models with --model or --experiment, not both.")
    from recognizer.jobs import experiments

    options.model = experiments.members(options.experiment)
    print(f"{options.experiment} is {', '.join(options.model)}.", file=sys.stderr)


def work(
    experiment_id: str,
    turns: list[tuple[Any, Any]],
    ctrl_c: Callable[[], AbstractContextManager[Callable[[], bool]]],
) -> int | None:
    """Work on the runs of an experiment here, and say what came of it.

    Args:
        experiment_id: of the experiment.
        turns: its trainings that are queued, each with its lock.
        ctrl_c: makes the first Ctrl-C a question.
    """
    from recognizer.cli.progress import event_printer
    from recognizer.jobs import experiments, worker

    experiment = experiments.find(experiment_id)
    count = f"{len(turns)} training" + "s" * (len(turns) > 1)
    print(f"Experiment {experiment.name} is {experiment_id}: {count}.", flush=True)
    for job, _ in turns:
        print(f"  {job.id}  {job.name}", flush=True)

    def on_turn(job: Any) -> Any:
        print(f"Training {job.name} is job {job.id}.", flush=True)
        return event_printer(job.config)

    try:
        with ctrl_c() as asked:
            ended = worker.work_all(
                [(job.id, lock) for job, lock in turns], on_turn=on_turn, stopped=asked
            )
    except KeyboardInterrupt:
        print(f"Go on with: python -m recognizer train --resume {experiment_id}", file=sys.stderr)
        return 130
    show(experiment_id)
    failed = [job for job in ended if job.state == "failed"]
    if failed:
        raise ModelError(
            f"{len(failed)} of {len(ended)} runs failed; {failed[0].name}: {failed[0].message}"
        )
    return None


def show(experiment_id: str) -> None:
    """Print the runs of an experiment, mean and spread of each setting, and the best one."""
    from recognizer.jobs import experiments

    experiment = experiments.find(experiment_id)
    width = max(len(job.name) for job in experiment.runs)
    for job in experiment.runs:
        line = f"{job.name:{width}}  {job.state:11}  {job.message}"
        print(line[: max(60, shutil.get_terminal_size((300, 24)).columns)])
    found = experiments.settings(experiment)
    print("Held-out accuracy, mean ± standard deviation:")
    for one in found:
        print(f"  {one.words or 'all runs'}: {one.in_words()}")
    best = experiments.best(experiment)
    if best and len(found) > 1:
        print(f"Best by the mean validation accuracy: {best.words}.")


def learning(
    options: argparse.Namespace, config: TrainingConfig, tables: tuple[str, ...]
) -> TrainingConfig:
    """Return the settings with teachers, their split, and the decisions about the table's labels.

    Args:
        options: of the command line.
        config: the settings.
        tables: ids of the tables in the library, the one of the command line first.

    Raises:
        ModelError: a teacher is not there.
        DataError: nothing was decided.
    """
    from dataclasses import replace

    from recognizer.jobs import rows, teachers

    if options.teachers:
        names = tuple(options.teachers)
        split_seed = config.split_seed
        if split_seed is None and options.seed is None:
            split_seed = teachers.seed_of_split(names)
        config = replace(config, teachers=names, split_seed=split_seed)
    if options.decisions:
        config = rows.deciding(config, tables[0], Path(options.table).name)
    return config
