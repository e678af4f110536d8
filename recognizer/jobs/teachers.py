"""Which models may teach a training: none that has learned from the rows that measure it."""

from collections.abc import Sequence

from recognizer.datasets import splits
from recognizer.datasets.splits import Splits
from recognizer.errors import SettingError
from recognizer.models import registry, seen_rows
from recognizer.records import TrainingConfig


def seed_of_split(names: Sequence[str]) -> int | None:
    """Return the seed of the split whose first part all models hold out, None if there is none.

    A training with that split on the same table holds out the rows that they have not seen.

    Raises:
        ModelError: there is no such model.
    """
    configs = [registry.find_model(name).card.config for name in names]
    seeds = {config.seed_of_split for config in configs}
    same = len(seeds) == 1 and all(config.fold == 1 for config in configs)
    return seeds.pop() if same else None


def check(config: TrainingConfig, rows: Splits) -> None:
    """Make sure that no teacher has learned from the held-out rows of a training.

    Held-out rows that are also among the training's own, pixel by pixel, do not count.

    Raises:
        ModelError: a teacher is not there.
        SettingError: one has learned from held-out rows, or it is not known from which; or one is
            named twice.
    """
    if len(set(config.teachers)) < len(config.teachers):
        raise SettingError(f"{', '.join(config.teachers)}: name each teacher once.")
    from recognizer.jobs import provenance  # which knows the recipes, and these OpenCV

    own = splits.duplicates(rows.training, rows.held_out)
    for name in config.teachers:
        model = registry.find_model(name)
        seen = seen_rows.is_seen(model, rows.held_out.images)
        if seen is None:
            seen = provenance.known_rows(model.card, rows.held_out)
        if seen is None:
            raise SettingError(
                f"Which rows {name} has learned from is not known, so that the held-out rows might "
                "measure what it has taught: choose another teacher."
            )
        if count := int((seen & ~own).sum()):
            raise SettingError(
                f"{name} has learned from {count:,} of the {len(seen):,} held-out rows, and would "
                "tell what they are to measure: choose another teacher, or hold out the rows that "
                f"it has not seen ({_split(model.card.config)}, on its table)."
            )


def _split(config: TrainingConfig) -> str:
    """Return the options that hold out the rows that a training has held out."""
    if config.fold == 1:
        return f"--split-seed {config.seed_of_split}"
    return (
        f"--split-seed {config.seed_of_split} --held-out {config.held_out:g} --fold {config.fold}"
    )
