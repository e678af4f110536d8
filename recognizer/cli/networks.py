"""Commands about networks: their layers, and what the Train page asks Keras through a child.

`trial`, `preview` and `mnist` are not in --help: their input and output may change.
"""

import argparse
import json
import sys

import numpy as np

from recognizer.architectures import ARCHITECTURES, architecture
from recognizer.records import IMAGE_SIZE, TrainingConfig


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add these commands to the command line."""
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
