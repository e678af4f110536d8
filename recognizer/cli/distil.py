"""What `train --recipe preview` does: distil the network that previews a model in the browser."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from recognizer.errors import SettingError

RECIPE = "preview"  # no recipe of a model: what it makes lies in a model's folder


def run(options: argparse.Namespace, data: Path, settings: Sequence[str]) -> None:
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
                f"--recipe {RECIPE} takes --name, --data, --models-dir and --seed: leave out "
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
