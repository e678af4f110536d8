"""Commands on models and networks, and `backup` and `restore`.

`trial`, `preview` and `mnist` are what the Train page asks Keras through a child: they are not in
--help, as their input and output may change.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recognizer.architectures import ARCHITECTURES, architecture
from recognizer.errors import DataError
from recognizer.models import registry
from recognizer.records import IMAGE_SIZE, TrainingConfig

EXPORTS = {"tflite": registry.TFLITE_FILE, "keras": registry.KERAS_FILE}  # the file by format
FLOAT32 = "float32.tflite"  # a format that no model's folder has: TensorFlow converts the .keras

if TYPE_CHECKING:
    from recognizer.backup import Backup


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add these commands to the command line."""
    default = commands.add_parser("promote", help="make a model the default one")
    default.add_argument("name", metavar="NAME")
    default.set_defaults(run=promote)
    own = commands.add_parser("adopt", help="make a model of a .keras of yours")
    own.add_argument("file", metavar="FILE", type=Path, help="of a network that reads digits")
    own.add_argument("--name", required=True, help="of the model that is published")
    own.add_argument(
        "--rows", metavar="labelled.csv", help="measure it on these; it must not know them"
    )
    own.set_defaults(run=adopt)
    taken = commands.add_parser("export", help="write a model's network for other programs")
    taken.add_argument("name", metavar="NAME")
    taken.add_argument(
        "--format",
        choices=(*EXPORTS, FLOAT32),
        default="tflite",
        help="default: tflite, the file that the app reads with: weights in int8 where the "
        "readings stay the same",
    )
    taken.add_argument(
        "--out", metavar="FILE", help="default: NAME.FORMAT; replaced if it is there"
    )
    taken.set_defaults(run=export)
    doomed = commands.add_parser("delete", help="delete a model of yours")
    doomed.add_argument("name", metavar="NAME")
    doomed.add_argument("--yes", action="store_true", help="do not ask, as without a terminal")
    doomed.set_defaults(run=delete)
    kept = commands.add_parser("backup", help="write all that is kept into one file")
    kept.add_argument("file", metavar="FILE", type=Path, help="an earlier backup is replaced")
    kept.set_defaults(run=backup)
    again = commands.add_parser("restore", help="put back what a backup holds")
    again.add_argument("file", metavar="FILE", type=Path, help="that `backup` wrote")
    again.add_argument(
        "--replace", action="store_true", help="move what is there now aside; stop the app first"
    )
    again.add_argument("--check", action="store_true", help="read it whole, and change nothing")
    again.set_defaults(run=restore)
    _add_networks(commands)


def _add_networks(commands: argparse._SubParsersAction) -> None:
    layers = commands.add_parser("architectures", help="list the networks and their layers")
    layers.add_argument("--json", action="store_true", help="print one JSON document")
    layers.set_defaults(run=architectures)
    trial = commands.add_parser("trial")
    trial.add_argument("architecture")
    trial.add_argument("--batch-size", type=int, required=True)
    trial.add_argument("--no-augment", action="store_true")
    trial.set_defaults(run=try_speed)
    changes = commands.add_parser("preview")
    changes.add_argument("--seed", type=int, default=1)
    changes.set_defaults(run=preview)
    commands.add_parser("mnist").set_defaults(run=mnist)


def promote(options: argparse.Namespace) -> None:
    """Make a model the default one."""
    registry.promote(options.name)
    print(f"{options.name} is the default model now.")


def adopt(options: argparse.Namespace) -> None:
    """Convert a .keras of one's own into a whole model."""
    from recognizer.cli import tables
    from recognizer.datasets import read_table
    from recognizer.system import home
    from recognizer.training import adoption

    rows = None
    if options.rows:
        read = read_table(options.rows)
        tables.say(options.rows, read.dialect)
        if (rows := read.digits).labels is None:
            raise DataError(
                f"{options.rows} has no label column: measuring needs the true digits, as in "
                "Kaggle's train.csv."
            )
    model = adoption.adopt(options.file, options.name, rows, home.folder() / "models")
    print(f"{model.name}: {model.card.parameters:,} parameters, published in {model.folder}.")
    if rows is None:
        print(
            "How well it reads is not known: "
            f"python -m recognizer evaluate labelled.csv --model {model.name}"
        )
    else:
        print(f"{model.card.accuracy:.4f} of {model.card.n:,} rows read right.")


def export(options: argparse.Namespace) -> None:
    """Write a model's network into a file of its own."""
    from recognizer.datasets import locations
    from recognizer.models import maintenance

    model = registry.find_model(options.name)
    out = options.out or f"{model.name}.{options.format}"
    if options.format == FLOAT32:
        content = _in_float32(model)
    else:
        content = maintenance.content_of(model, EXPORTS[options.format])
    with locations.open_write(out) as file:
        file.write(content)
    print(
        f"{out}: {model.name}, {len(content) / 1e6:,.1f} MB; it takes (n, 28, 28, 1) float32, "
        "white ink 1 on black 0. docs/export.md has the lines that run it."
    )


def _in_float32(model: registry.StoredModel) -> bytes:
    """Return a model's network for LiteRT with weights in float32, converted by TensorFlow."""
    from recognizer.training import export as conversion

    return conversion.exact(conversion.load(model.folder / registry.KERAS_FILE))


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


def backup(options: argparse.Namespace) -> None:
    """Write all that is kept into one file, also while the app runs."""
    from recognizer import backup as backups

    kept = backups.write(options.file)
    print(f"{options.file} holds {_amount(kept)}.")


def restore(options: argparse.Namespace) -> None:
    """Put back what a backup holds."""
    from recognizer import backup as backups
    from recognizer.system import home

    if options.check:
        print(f"{options.file} is whole: {_amount(backups.check(options.file))}.")
        return
    kept, aside = backups.restore(options.file, replace=options.replace)
    print(f"{home.folder()} holds {_amount(kept)} again.")
    if aside:
        print(f"What was there before is in {aside}: delete it when you need it no more.")


def _amount(kept: "Backup") -> str:
    return f"{len(kept.files):,} files of {kept.size / 1e6:,.1f} MB as of {kept.created}"


def architectures(options: argparse.Namespace) -> None:
    """List the networks with their layers."""
    from recognizer.training import keras_tasks

    tables = [keras_tasks.layer_table(entry) for entry in ARCHITECTURES.values()]
    if options.json:
        print(json.dumps(tables, indent=2))
        return
    for table in tables:
        print(f"{table['name']}: {table['title']}, {table['parameters']:,} parameters")
        for layer in table["layers"]:
            shape = " × ".join(map(str, layer["output_shape"]))
            print(f"    {layer['type']:20} {shape:14} {layer['parameters']:12,}")


def try_speed(options: argparse.Namespace) -> None:
    """Print how many images a second a training takes in, as JSON."""
    from recognizer.training import keras_tasks

    config = TrainingConfig(
        architecture(options.architecture).name,
        batch_size=options.batch_size,
        augment=not options.no_augment,
    )
    print(json.dumps({"images_per_second": keras_tasks.speed(config)}))


def preview(options: argparse.Namespace) -> None:
    """Take 784 bytes an image on stdin; write the bytes of its versions to stdout."""
    from recognizer.training import keras_tasks

    images = np.frombuffer(sys.stdin.buffer.read(), np.uint8)
    images = images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    sys.stdout.buffer.write(keras_tasks.preview(images, options.seed).tobytes())


def mnist(options: argparse.Namespace) -> None:
    """Fetch MNIST into the library; print the table's id, as JSON."""
    from recognizer.datasets import library
    from recognizer.datasets import mnist as dataset_mnist

    print(
        json.dumps(
            library.add(dataset_mnist.fetch(), dataset_mnist.NAME, licence=dataset_mnist.LICENCE).id
        )
    )
