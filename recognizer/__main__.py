"""The command line: `python -m recognizer COMMAND`.

Exit status 0: done; 2: a user's mistake, told in one line on stderr; 1: a fault of ours;
130: stopped with Ctrl-C.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from recognizer import commands
from recognizer.architectures import ARCHITECTURES
from recognizer.errors import RecognizerError
from recognizer.records import TrainingConfig


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    if sys.stderr is None:  # closed by `2>&-`; print() would take stdout instead
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    options = parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except RecognizerError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # `... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        published = "; nothing was published" if options.command == "train" else ""
        print(f"Stopped{published}.", file=sys.stderr)
        return 130
    return 0


class _Parser(argparse.ArgumentParser):
    """Tells a mistake in one line; the usage is in --help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = _Parser(prog="python -m recognizer", description="Read digits.")
    commands_of = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_read(commands_of.add_parser("read", help="read pictures of one digit each"))
    _add_evaluate(commands_of.add_parser("evaluate", help="measure models on labelled digits"))
    _add_models(commands_of.add_parser("models", help="list the models"))
    _add_train(commands_of.add_parser("train", help="train a network and publish it"))
    return top


def _add_read(command: argparse.ArgumentParser) -> None:
    command.add_argument("pictures", nargs="+", metavar="IMAGE", type=Path, help="PNG or JPEG")
    command.add_argument("--model", metavar="NAME", help="instead of the default model")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=commands.read)


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    command.add_argument("table", metavar="labelled.csv", help="CSV, .gz or Kaggle's zip")
    command.add_argument(
        "--model", metavar="NAME", action="append", help="repeat to compare; default: the default"
    )
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=commands.evaluate)


def _add_models(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=commands.models)


def _add_train(command: argparse.ArgumentParser) -> None:
    usual = TrainingConfig(architecture="")
    command.add_argument("table", metavar="train.csv", help="CSV, .gz or Kaggle's zip")
    command.add_argument("--architecture", required=True, choices=tuple(ARCHITECTURES))
    command.add_argument("--name", required=True, help="of the model that is published")
    command.add_argument("--epochs", type=_whole, default=usual.epochs, metavar="N")
    command.add_argument("--batch-size", type=_whole, default=usual.batch_size, metavar="N")
    command.add_argument(
        "--learning-rate", type=_share, default=usual.learning_rate, metavar="R", help="its peak"
    )
    command.add_argument("--seed", type=_seed, default=usual.seed, metavar="N")
    command.add_argument(
        "--no-augment", action="store_true", help="train on the images exactly as they are"
    )
    command.add_argument(
        "--models-dir",
        type=Path,
        metavar="DIR",
        help="publish there; default: RECOGNIZER_HOME/models",
    )
    command.set_defaults(run=commands.train)


def _whole(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 1 to 10000")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from 0 to 4294967295")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0, at most 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
