"""Several trainings queued as one: seeds, or a small grid of settings; and what came of them.

All runs of an experiment hold out and validate on the same rows, whatever their seeds, so that they
can be compared, and averaged; those of a cross-validation hold out another part each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import mean, median, stdev

from recognizer.errors import ModelError, SettingError
from recognizer.jobs import database, progress_log
from recognizer.jobs.records import Experiment, Job, State
from recognizer.models import registry
from recognizer.records import EpochLog, TrainingConfig
from recognizer.training import config as training_config

MOST = 100  # runs of an experiment
FOLDS = (2, 20)  # of a cross-validation, least and most
OTHERS = 2  # runs of its network that must have come to an epoch before one is stopped there
FIRST_JUDGED = 2  # epoch: in the first one runs differ by chance
EARLY = "Stopped after epoch"  # begins the message of a run that the median stopped
_SHARED = ("teachers", "decisions", "held_out", "validation", "fold")  # by all runs
_FACTS = ("id", "name", "created", "stop_early")


def grid(
    name: str,
    config: TrainingConfig,
    *,
    seeds: int = 1,
    others: Sequence[TrainingConfig] = (),
    learning_rates: Sequence[float] = (),
    batch_sizes: Sequence[int] = (),
) -> dict[str, TrainingConfig]:
    """Return the settings of each run by its name, in the order in which they train.

    One seed of each setting first, so that there is something to compare early.

    Args:
        name: of the experiment.
        config: of all runs, but for what follows.
        seeds: how many, from the settings' own upwards.
        others: of other networks, which run as well, with the seeds and the split of `config`.
        learning_rates: instead of the settings' own.
        batch_sizes: likewise.

    Raises:
        SettingError: a value out of range, named twice, or too many runs.
    """
    networks = [config, *others]
    given = {
        "network": [one.architecture for one in networks],
        "learning rate": [f"{rate:g}" for rate in learning_rates],
        "batch size": [str(size) for size in batch_sizes],
    }
    for words, values in given.items():
        if len(set(values)) < len(values):
            raise SettingError(f"A {words} is named twice in {', '.join(values)}: name each once.")
    count = len(networks) * max(1, len(learning_rates)) * max(1, len(batch_sizes))
    if not seeds >= 1 or seeds * count > MOST:
        raise SettingError(
            f"{seeds} seeds of {count} settings are {seeds * count:,} trainings: expected 1 to "
            f"{MOST} in all."
        )
    made, shared = {}, {one: getattr(config, one) for one in _SHARED}
    for offset, of in product(range(seeds), networks):
        rates, sizes = learning_rates or (of.learning_rate,), batch_sizes or (of.batch_size,)
        for rate, size in product(rates, sizes):
            seed = config.seed + offset
            words = [name, *[of.architecture] * bool(others), *[f"lr{rate:g}"] * (len(rates) > 1)]
            words += [f"batch{size}"] * (len(sizes) > 1) + [f"seed{seed}"] * (seeds > 1)
            changed = {"seed": seed, "learning_rate": rate, "batch_size": size}
            run = replace(of, **shared, **changed, split_seed=config.seed_of_split)
            made["-".join(words)] = training_config.check(run)
    return made


def folds(name: str, config: TrainingConfig, count: int) -> dict[str, TrainingConfig]:
    """Return the runs of a cross-validation: of each row, one network has not learned.

    Args:
        name: of the experiment.
        config: of all runs.
        count: how many parts.

    Raises:
        SettingError: too few or too many.
    """
    if not FOLDS[0] <= count <= FOLDS[1]:
        raise SettingError(f"{count} folds: expected {FOLDS[0]} to {FOLDS[1]}.")
    shares = {"held_out": 1 / count, "split_seed": config.seed_of_split}
    return {
        f"{name}-fold{fold}": training_config.check(replace(config, **shares, fold=fold))
        for fold in range(1, count + 1)
    }


def is_cross_validation(experiment: Experiment) -> bool:
    """Whether each run holds out another part of the rows."""
    return len({job.config.fold for job in experiment.runs}) > 1


def with_and_without(name: str, config: TrainingConfig) -> dict[str, TrainingConfig]:
    """Return the same training without and with decisions about labels, by the names of the runs.

    Args:
        name: of the experiment.
        config: with the decisions.
    """
    both = {f"{name}-as-labelled": None, f"{name}-as-decided": config.decisions}
    alike = replace(config, split_seed=config.seed_of_split)
    return {run: training_config.check(replace(alike, decisions=one)) for run, one in both.items()}


def insert(experiment: Experiment) -> None:
    """Keep an experiment with its trainings, or nothing of it.

    Raises:
        sqlite3.IntegrityError: as `database.insert`.
    """
    columns, places = ", ".join(_FACTS), ", ".join(f":{name}" for name in _FACTS)
    values = {name: getattr(experiment, name) for name in _FACTS}
    with database.opened(writing=True) as opened:
        opened.execute(f"INSERT INTO experiments ({columns}) VALUES ({places})", values)
        for job in experiment.runs:
            database.add(opened, job)


def all_experiments() -> tuple[Experiment, ...]:
    """Return all experiments, the newest first."""
    return tuple(_selected(""))


def find(experiment_id: str) -> Experiment:
    """Return an experiment.

    Raises:
        SettingError: there is none of that id.
    """
    for found in _selected("WHERE id = ?", experiment_id):
        return found
    raise SettingError(
        f"There is no experiment {experiment_id[:20]!r}: the Train page and `python -m recognizer "
        "jobs` list them."
    )


def is_one(some_id: str) -> bool:
    """Whether an id is an experiment's."""
    return any(_selected("WHERE id = ?", some_id))


def why_stop(job: Job, log: EpochLog) -> str | None:
    """Say why a run shall end after an epoch; None where it shall go on.

    Median stopping (Golovin et al., "Google Vizier", 2017), on the validation accuracy of the same
    epoch: a run ends when it is below the median of the other runs of its architecture that came
    so far. Another architecture has another number of epochs, and another schedule.
    """
    if job.experiment is None or not FIRST_JUDGED <= log.epoch < job.config.epochs:
        return None
    experiment, network = find(job.experiment), job.config.architecture
    if not experiment.stop_early:
        return None
    read = progress_log.accuracies(experiment.id, log.epoch)
    alike = [run.id for run in experiment.runs if run.config.architecture == network]
    others = [read[one] for one in alike if one in read and one != job.id]
    if len(others) < OTHERS or log.validation_accuracy >= median(others):
        return None
    return (
        f"{EARLY} {log.epoch}: its validation accuracy, {log.validation_accuracy:.2%}, was below "
        f"the median of the other {network} runs at the same epoch, {median(others):.2%}."
    )


@dataclass(frozen=True)
class Setting:
    """The runs of one setting, which differ in the seed or the fold only.

    Attributes:
        words: what sets it apart from the others; empty where there is only one.
        runs: they.
        accuracies: held-out, of those that ran to their end.
        validation: of the best weights of the same runs; what to choose by.
    """

    words: str
    runs: tuple[Job, ...]
    accuracies: tuple[float, ...]
    validation: tuple[float, ...]

    def in_words(self) -> str:
        """Say mean and spread of the held-out accuracy, as the end of a sentence."""
        n = len(self.accuracies)
        if not n:
            return "no run has ended yet"
        spread = f" ± {100 * stdev(self.accuracies):.2f}" if n > 1 else ""
        runs = f"{n} of {len(self.runs)} runs" if n < len(self.runs) else f"{n} runs"
        return f"{100 * mean(self.accuracies):.2f}{spread} % ({runs if n > 1 else '1 run'})"


def settings(experiment: Experiment) -> list[Setting]:
    """Return the settings of an experiment with what came of them, in their order.

    A run that was stopped early counts in none: it would draw the mean of the others down.
    """
    groups: dict[TrainingConfig, list[Job]] = {}
    for job in experiment.runs:
        groups.setdefault(replace(job.config, seed=0, fold=1), []).append(job)
    words = differences(list(groups))
    cards = models(experiment)
    read = progress_log.best_accuracies(experiment.id)
    found = []
    for config, runs in groups.items():
        ended = [job for job in runs if job.id in cards and job.state == State.DONE]
        accuracies = tuple(cards[job.id].card.accuracy for job in ended)
        validation = tuple(read.get(job.id, 0.0) for job in ended)
        found.append(Setting(words[config], tuple(runs), accuracies, validation))
    return found


def differences(configs: Sequence[TrainingConfig]) -> dict[TrainingConfig, str]:
    """Say of each of several settings what sets it apart from the others.

    Of what comes with a network, its name says enough.
    """
    networks = {config.architecture for config in configs}
    names = ["architecture"] * (len(networks) > 1) + [
        name
        for name in TrainingConfig.__dataclass_fields__
        if any(
            len({getattr(one, name) for one in configs if one.architecture == network}) > 1
            for network in networks
        )
    ]
    return {
        config: ", ".join(f"{name.replace('_', ' ')} {_value(config, name)}" for name in names)
        for config in configs
    }


def best(experiment: Experiment) -> Setting | None:
    """Return the setting with the highest mean validation accuracy; None before one has ended.

    By the validation rows, as the held-out rows choose nothing.
    """
    ended = [one for one in settings(experiment) if one.accuracies]
    return max(ended, key=lambda one: mean(one.validation), default=None)


def models(experiment: Experiment) -> Mapping[str, registry.StoredModel]:
    """Return the model of each run that has published and is still here under its name, by id."""
    there = {model.name: model for model in registry.list_models().available}
    return {
        job.id: there[job.published]
        for job in experiment.runs
        if job.published in there and there[job.published].card.config == job.config
    }


def members(experiment_id: str) -> list[str]:
    """Return the models of an experiment to average: the seeds of its best setting.

    All its models where each setting has one run only, or each run another fold.

    Raises:
        SettingError: there is no such experiment.
        ModelError: fewer than two of its models are here.
    """
    experiment = find(experiment_id)
    stored, chosen = models(experiment), best(experiment)
    runs = chosen.runs if chosen and len(chosen.runs) > 1 else experiment.runs
    names = [stored[job.id].name for job in runs if job.id in stored]
    if len(names) < 2:
        of = "experiment" if runs == experiment.runs else "best setting of"
        raise ModelError(
            f"Of the {of} {experiment.name} {'only 1' if names else 'no'} model is here, and an "
            "average is of two or more: wait until they are trained, or name models with --model."
        )
    return names


def _value(config: TrainingConfig, name: str) -> str:
    value = getattr(config, name)
    if name == "decisions":
        return "of the label audit" if value else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _selected(condition: str, *values: str) -> Iterator[Experiment]:
    if not database.path().exists():  # reading makes no file
        return
    with database.opened() as opened:
        rows = opened.execute(
            f"SELECT {', '.join(_FACTS)} FROM experiments {condition} ORDER BY number DESC", values
        ).fetchall()
    for one, name, created, stop_early in rows:
        yield Experiment(one, name, created, bool(stop_early), database.of_experiment(one))
