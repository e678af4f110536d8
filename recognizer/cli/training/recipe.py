"""`train --recipe`: its stages, one training after another, or a preview; and `train --from`."""

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from recognizer.errors import SettingError
from recognizer.records import TrainingConfig

PREVIEW = "preview"  # no recipe of a model: what it makes lies in a model's folder


def name(text: str) -> str:
    """Return the name of a recipe; only who names one waits for what recipes import."""
    from recognizer.training.recipes import RECIPES

    names = (*RECIPES, PREVIEW)
    if text not in names:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {' or '.join(names)}")
    return text


def queue_next(
    options: argparse.Namespace,
    settings: Callable[[TrainingConfig, argparse.Namespace], TrainingConfig],
) -> tuple[Any, Any]:
    """Make what the recipe's next stage learns from and queue its training.

    Args:
        options: of the command line.
        settings: returns the usual settings with those of the command line; they are the last
            stage's, the first one takes the seed and the shares of the rows.

    Returns:
        The training and its lock.
    """
    from recognizer.jobs import queue
    from recognizer.training import recipes

    for name in ("table", "architecture", "strokes", "corrections", "start", "hand"):
        if getattr(options, name):
            option = {"table": "train.csv", "start": "--from"}.get(name, f"--{name}")
            raise SettingError(f"--recipe brings its own digits and network: leave out {option}.")
    config = settings(recipes.RECIPES[options.recipe or recipes.DEFAULT].settings, options)
    title, models_dir = options.name, options.models_dir
    title = title or queue.free_name(config.architecture, models_dir)
    queue.check_free(title, models_dir)
    data = data_folder(options)
    recipes.check(data)
    if not recipes.has_start(config):
        config = recipes.first_stage(config)
        title, models_dir = recipes.START, None  # the later stage looks for it among the user's
    print(f"Drawing what {title} learns from; that takes some minutes.", flush=True)
    tables = recipes.tables(data, config)
    return queue.enqueue(title, config, tables, models_dir=models_dir)


def queue_from(
    options: argparse.Namespace,
    settings: Callable[[TrainingConfig, argparse.Namespace], TrainingConfig],
    tables: Callable[[argparse.Namespace, int], Iterable[str]],
) -> tuple[Any, Any]:
    """Queue a training that goes on from a model.

    Args:
        options: of the command line.
        settings: as for `queue_next`.
        tables: keeps the digits that are named, and returns their ids.

    Returns:
        The training and its lock.
    """
    from recognizer.jobs import queue
    from recognizer.jobs.fine_tuning import continuing
    from recognizer.models import registry

    model = registry.find_model(options.start)
    if options.name is None:
        raise SettingError(
            f"--name is missing: {model.name} stays as it is, so name the new model."
        )
    queue.check_free(registry.check_name(options.name), options.models_dir)
    config = settings(continuing.settings(model), options)
    config = replace(config, architecture=options.architecture or config.architecture)
    continuing.check(model, config)
    config, ids = continuing.prepare(model, config, tuple(tables(options, config.seed)))
    return queue.enqueue(options.name, config, ids, models_dir=options.models_dir)


def measure(model: Any, data: Path) -> None:
    """Measure a model made by a recipe on drawings, and say how well it reads them."""
    from recognizer.training import recipes

    card = recipes.measure(model, data)
    low, high = card.drawn.interval
    print(
        f"{card.drawn.accuracy:.4f} of {card.drawn.n:,} pen drawings read right (95 % interval "
        f"{low:.4f} to {high:.4f}); {card.rejection.digits:.1%} of the digits and "
        f"{card.rejection.others:.1%} of {card.rejection.others_n:,} letters doubted."
    )


def data_folder(options: argparse.Namespace) -> Path:
    """Return the folder of the recipe's files.

    Raises:
        SettingError: none is named.
    """
    folder = options.data or os.environ.get("RECOGNIZER_DATA")
    if not folder:
        raise SettingError(
            "--data is missing: the folder of digits and drawings; the README names their sources."
        )
    return Path(folder)


def distil(options: argparse.Namespace, data: Path, settings: Sequence[str]) -> None:
    """Distil the preview of a model, the default one or that of --name, and say how it agrees.

    Args:
        options: of `train`.
        data: folder with the drawings.
        settings: names of the options that other trainings have, and this one only a seed of.

    Raises:
        SettingError: an option is given that this recipe does not take.
    """
    others = (name for name in settings if name != "seed")
    for name in ("table", "architecture", "strokes", "corrections", "resume", *others):
        if getattr(options, name):
            raise SettingError(
                f"--recipe {PREVIEW} takes --name, --data, --models-dir and --seed: leave out "
                f"{'train.csv' if name == 'table' else '--' + name.replace('_', '-')}."
            )
    from recognizer.models import registry
    from recognizer.training import preview

    model = registry.find_model(options.name, options.models_dir)
    seed = 1 if options.seed is None else options.seed
    print(f"Distilling the preview of {model.name}.", flush=True)
    found = preview.make(model, data, seed=seed, report=partial(print, flush=True))
    low, high = found.interval
    print(
        f"It says what {model.name} says of {found.share:.2%} of {found.n:,} pen drawings (95 % "
        f"interval {low:.2%} to {high:.2%}), a doubt counted as a digit of its own. It is in "
        f"{model.folder}."
    )
