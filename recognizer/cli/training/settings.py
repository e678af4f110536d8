"""The settings of a training on the command line."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from recognizer.records import TrainingConfig
from recognizer.training.config import RANGES, SCHEDULES

SETTINGS = {  # of a TrainingConfig: how each is read, and what is said of it
    "epochs": (int, "N", "passes over the rows"),
    "batch_size": (int, "N", "images a step"),
    "learning_rate": (float, "R", "its peak"),
    "weight_decay": (float, "R", "share of each weight, times the rate, taken off in a step"),
    "plain_epochs": (int, "N", "the last epochs, without augmentation"),
    "seed": (int, "N", "of everything that is random"),
    "split_seed": (int, "N", "of which rows are held out, if another than --seed"),
    "patience": (int, "N", "epochs without a better reading until it ends; 0: never"),
    "validation": (float, "SHARE", "of the rows, for validation"),
    "fold": (int, "N", "which part of the rows of that split is held out, from 1"),
    "held_out": (float, "SHARE", "of the rows, to measure the finished network with"),
}


def add_to(command: argparse.ArgumentParser) -> None:
    """Add an option for each setting."""
    for option, (kind, letter, help_text) in SETTINGS.items():
        command.add_argument(
            "--" + option.replace("_", "-"),
            type=reader(option, kind),
            metavar=letter,
            help=f"{help_text} (default: what suits the architecture)",
        )
    command.add_argument("--schedule", choices=SCHEDULES, help="of the learning rate")
    command.add_argument(
        "--no-augment", action="store_true", help="train on the images exactly as they are"
    )


def reader(name: str, kind: Callable[[str], Any]) -> Callable[[str], Any]:
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


def chosen(usual: TrainingConfig, options: argparse.Namespace) -> TrainingConfig:
    """Return the usual settings, with those of the command line in their place."""
    asked = {name: getattr(options, name) for name in (*SETTINGS, "schedule")}
    given = {name: value for name, value in asked.items() if value is not None}
    if options.no_augment:
        given["augment"] = False
    return replace(usual, **given)
