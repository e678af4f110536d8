"""Commands that look after models: `promote` and `delete`."""

import argparse
import sys

from recognizer.models import registry


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add these commands to the command line."""
    default = commands.add_parser("promote", help="make a model the default one")
    default.add_argument("name", metavar="NAME")
    default.set_defaults(run=promote)
    doomed = commands.add_parser("delete", help="delete a model of yours")
    doomed.add_argument("name", metavar="NAME")
    doomed.add_argument("--yes", action="store_true", help="do not ask, as without a terminal")
    doomed.set_defaults(run=delete)


def promote(options: argparse.Namespace) -> None:
    """Make a model the default one."""
    registry.promote(options.name)
    print(f"{options.name} is the default model now.")


def delete(options: argparse.Namespace) -> None:
    """Delete a model, once a person at a terminal has said yes."""
    from recognizer.models import maintenance

    if sys.stdin is not None and sys.stdin.isatty() and not options.yes:
        answer = input(f"Delete {options.name} for good? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            print(f"{options.name} stays.")
            return
    maintenance.delete(options.name)
    print(f"{options.name} is deleted.")
