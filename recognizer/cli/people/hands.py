"""`hands`: whose handwriting is kept; `--hand NAME` of other commands reads with one."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from recognizer.datasets.corrections import Corrections, Hand
from recognizer.errors import SettingError

if TYPE_CHECKING:
    from recognizer.adaptation import AdaptedRecognizer
    from recognizer.inference import Recognizer


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add this command to the command line."""
    command = commands.add_parser("hands", help="list, export or forget people's handwriting")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=list_hands)
    actions = command.add_subparsers(metavar="ACTION")
    export = actions.add_parser("export", help="write a person's drawings as Kaggle's train.csv")
    export.add_argument("hand", metavar="NAME")
    export.add_argument("--out", metavar="FILE.csv", type=Path, required=True)
    export.set_defaults(run=export_hand)
    forget = actions.add_parser("forget", help="delete a person's drawings")
    forget.add_argument("hand", metavar="NAME")
    forget.set_defaults(run=forget_hand)


def add_option(command: argparse.ArgumentParser) -> None:
    """Add --hand to a command that reads."""
    command.add_argument("--hand", metavar="NAME", help="also know this person's handwriting")


def list_hands(options: argparse.Namespace) -> None:
    """List whose handwriting is kept."""
    hands = Corrections().hands()
    if options.json:
        entries = [
            {
                "name": one.name,
                "drawings": one.drawings,
                "digits": list(one.digits),
                "last": one.last,
            }
            for one in hands
        ]
        print(json.dumps(entries, indent=2))
        return
    if not hands:
        print("No handwriting is kept: write some on the Handwriting page.")
        return
    print(f"{'name':40} {'drawings':>8}  digits without a drawing")
    for one in hands:
        missing = " ".join(str(digit) for digit, drawn in enumerate(one.digits) if not drawn)
        print(f"{one.name:40} {one.drawings:8,}  {missing or 'none'}")


def export_hand(options: argparse.Namespace) -> None:
    """Write a person's drawings into a file."""
    from recognizer.datasets import write_digits
    from recognizer.system import atomic

    found = kept(options.hand)
    content = write_digits(found.digits())
    atomic.write(options.out, lambda file: file.write(content))
    print(f"{options.out}: {found.count():,} drawings of {found.hand}")


def forget_hand(options: argparse.Namespace) -> None:
    """Delete a person's drawings."""
    found = kept(options.hand)
    count = found.count()
    found.clear()
    print(f"{count:,} drawings of {found.hand} are deleted.")


def load(model: str | None, hand: str | None) -> "Recognizer | AdaptedRecognizer":
    """Load a model, with a person's handwriting where one is named and it does not hurt.

    Raises:
        ModelError: there is no such model, or it is damaged.
        SettingError: nothing is kept by that name.
    """
    from recognizer.inference import Recognizer
    from recognizer.models import registry

    stored = registry.find_model(model)
    recognizer = Recognizer.of(stored)
    if hand is None:
        return recognizer
    from recognizer.adaptation import hands

    tried = hands.load(stored, recognizer, kept(hand).digits())
    if tried.trial.helps:
        return tried.recognizer
    print(f"{stored.name}: {tried.trial.words}", file=sys.stderr)
    return recognizer


def kept(hand: str) -> Corrections:
    """Return what is kept of a hand.

    Raises:
        SettingError: nothing.
    """
    found = Corrections(hand=hand)
    if not found.count():
        raise SettingError(f"No handwriting is kept by the name {found.hand!r}: {_names()}")
    return found


def _names() -> str:
    hands: tuple[Hand, ...] = Corrections().hands()
    if not hands:
        return "write some on the Handwriting page first."
    return f"there is {', '.join(repr(one.name) for one in hands)}."
