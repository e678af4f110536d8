"""`classes`: open, list, export, delete a class's collection, and train its model."""

import argparse
import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizer.cli.train import INTERRUPTED, carry_out
from recognizer.errors import SettingError

if TYPE_CHECKING:
    from recognizer.classroom import Collection

DAYS = 14  # that a class is open where nothing else is said


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add this command to the command line."""
    command = commands.add_parser("classes", help="collect a class's handwriting: docs/teaching.md")
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.set_defaults(run=list_classes)
    actions = command.add_subparsers(metavar="ACTION")
    opening = actions.add_parser("open", help="open a class, and print its code")
    opening.add_argument("title", metavar="TITLE", help='such as "class 5b"')
    opening.add_argument("--times", type=int, default=1, metavar="N", help="of each digit")
    opening.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="its last day")
    opening.set_defaults(run=open_class)
    for name, help_text, run in (
        ("end", "have a class take nothing any more", end_class),
        ("export", "write a class's drawings as Kaggle's train.csv", export_class),
        ("delete", "delete a class, or one pupil, for good", delete_class),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("code", metavar="CODE")
        if name != "end":
            action.add_argument("--pupil", metavar="NAME", help="only this pupil")
        if name == "export":
            action.add_argument("--out", metavar="FILE.csv", type=Path, required=True)
        action.set_defaults(run=run)
    training = actions.add_parser(
        "train",
        help="train the class's model; one pupil in five only measures it",
        description="Go on from a model with the drawings of a class, old rows replayed. One pupil "
        "in five, at least one, is left out, and both models are measured on what these wrote.",
    )
    training.add_argument("code", metavar="CODE")
    training.add_argument("--name", help="of the model that is published; default: class-CODE")
    training.add_argument(
        "--from", dest="start", metavar="MODEL", help="go on from it; default: the default model"
    )
    training.set_defaults(run=train_class)


def list_classes(options: argparse.Namespace) -> None:
    """List the classes with their pupils."""
    from recognizer.classroom import Classroom

    classroom = Classroom()
    found = [(one, classroom.pupils(one.code)) for one in classroom.collections()]
    if options.json:
        entries = [
            {
                "code": one.code,
                "title": one.title,
                "times": one.times,
                "ends": one.ends.isoformat(),
                "deleted": one.deleted.isoformat(),
                "pupils": [
                    {"name": pupil.name, "drawings": pupil.drawings, "done": pupil.is_done(one)}
                    for pupil in pupils
                ],
            }
            for one, pupils in found
        ]
        print(json.dumps(entries, indent=2))
        return
    if not found:
        print("There is no class: open one with `classes open TITLE`, or on the Class page.")
    for one, pupils in found:
        done = sum(pupil.is_done(one) for pupil in pupils)
        print(
            f"{one.code}  {one.title}: {done} of {len(pupils)} pupils are done; until {one.ends}, "
            f"deleted on {one.deleted}"
        )


def open_class(options: argparse.Namespace) -> None:
    """Open a class."""
    from recognizer.classroom import Classroom
    from recognizer.classroom.records import today

    ends = options.until or today() + timedelta(days=DAYS)
    made = Classroom().open(options.title, options.times, ends)
    print(f"{made.code}: {made.title}, until {made.ends}.")
    print(f"Pupils join on the app's Class page: /classroom?code={made.code}")


def end_class(options: argparse.Namespace) -> None:
    """Have a class take nothing any more."""
    classroom, collection = _found(options.code)
    classroom.end(collection.code)
    print(f"{collection.title} has ended; all of it is deleted thirty days after that.")


def export_class(options: argparse.Namespace) -> None:
    """Write a class's drawings, or one pupil's, into a file without names."""
    from recognizer.datasets import write_digits
    from recognizer.system import atomic

    classroom, collection = _found(options.code)
    digits = classroom.drawings(collection.code, _number(classroom, options)).digits
    content = write_digits(digits)
    atomic.write(options.out, lambda file: file.write(content))
    print(f"{options.out}: {len(digits):,} drawings of {options.pupil or collection.title}")


def delete_class(options: argparse.Namespace) -> None:
    """Delete a class, or one pupil, and what was made of the drawings to train on."""
    from recognizer.classroom import tables
    from recognizer.datasets import library

    classroom, collection = _found(options.code)
    number = _number(classroom, options)
    if number is None:
        classroom.delete(collection.code)
    else:
        classroom.delete_pupil(collection.code, number)
    library.forget(tables.origin_of(collection.code))
    print(f"{options.pupil or collection.title} is deleted; a model that was trained stays.")


def train_class(options: argparse.Namespace) -> int | None:
    """Train a class's model in this process, as `train` does."""
    from recognizer.jobs import queue
    from recognizer.jobs.fine_tuning import class_training
    from recognizer.models import registry

    collection = _found(options.code)[1]
    name = options.name or class_training.usual_name(collection.code)
    queue.check_free(registry.check_name(name), None)
    config, ids = class_training.prepare(collection.code, options.start)
    ended, _ = carry_out(*queue.enqueue(name, config, ids))
    return INTERRUPTED if ended is None else None


def _found(code: str) -> "tuple[Any, Collection]":
    from recognizer.classroom import Classroom

    classroom = Classroom()
    return classroom, classroom.find(code)


def _number(classroom: Any, options: argparse.Namespace) -> int | None:
    """Return the number of the pupil who is named; None where none is.

    Raises:
        SettingError: nobody in the class has that name.
    """
    if options.pupil is None:
        return None
    pupils = classroom.pupils(classroom.find(options.code).code)
    for one in pupils:
        if one.name.casefold() == options.pupil.strip().casefold():
            return one.number
    names = ", ".join(repr(one.name) for one in pupils) or "nobody yet"
    raise SettingError(f"Nobody in this class is called {options.pupil!r}: there is {names}.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a day such as 2026-12-31") from error
