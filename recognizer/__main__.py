"""The command line: `python -m recognizer COMMAND`.

Exit status 0: done; 2: a user's mistake, reported in one line on stderr; 1: an internal error;
130: stopped with Ctrl-C.
"""

import argparse
import io
import os
import sys
from pathlib import Path
from typing import NoReturn

from recognizer.cli import doctor
from recognizer.errors import RecognizerError

try:
    from recognizer.cli import (
        api,
        audit,
        evaluate,
        models,
        predict,
        read,
        train,
    )
    from recognizer.cli.numbers import form, several
    from recognizer.cli.people import classes, hands
    from recognizer.cli.training import experiment
    from recognizer.training import config
except ImportError as error:  # as where `make setup` was forgotten
    sys.exit(doctor.without_packages(error, sys.argv[1:]))


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    _print_anything()
    if sys.stderr is None:  # closed by `2>&-`; print() would take stdout instead
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    top = parser()
    options, unknown = top.parse_known_args(arguments)
    if unknown:  # said here, as argparse would name the help of all commands
        listed = " ".join(unknown)
        top.exit(2, f"unrecognized arguments: {listed}; see {top.prog} {options.command} --help\n")
    try:
        return options.run(options) or 0
    except RecognizerError as error:
        print(error, file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if error.name not in config.KERAS:
            raise
        print(config.NO_KERAS, file=sys.stderr)
        return 2
    except BrokenPipeError:  # `... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def _print_anything() -> None:
    """Escape in the output what its encoding lacks, as Windows' cp1252 lacks Cyrillic."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Parser(argparse.ArgumentParser):
    """Tells a mistake in one line; the usage is in --help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = _Parser(prog="python -m recognizer", description="Read digits.")
    commands_of = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_read(commands_of.add_parser("read", help="read pictures of one digit each, or of several"))
    form.add_to(commands_of)
    predict.add_to(commands_of)
    evaluate.add_to(commands_of)
    audit.add_to(commands_of)
    _add_models(commands_of.add_parser("models", help="list the models"))
    models.add_to(commands_of)
    hands.add_to(commands_of)
    classes.add_to(commands_of)
    train.add_to(commands_of)
    api.add_to(commands_of)
    doctor.add_to(commands_of)
    return top


def _add_read(command: argparse.ArgumentParser) -> None:
    command.add_argument("pictures", nargs="+", metavar="IMAGE", help="PNG or JPEG")
    command.add_argument(
        "--model",
        metavar="NAME",
        action="append",
        help="instead of the default model; repeat to average the probabilities of several",
    )
    experiment.add_option(command)
    hands.add_option(command)
    command.add_argument("--json", action="store_true", help="print one JSON document")
    several.add_to(command)
    form.add_option(command)
    command.set_defaults(run=read.read)


def _add_models(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=read.models)


if __name__ == "__main__":
    sys.exit(main())
