"""`python -m tools.distil`: see the package."""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import tools.distil
from recognizer.errors import RecognizerError, SettingError

_ACCELERATED = ("jax", "optax", "keras")
_DATA = {"type": Path, "required": True, "help": "folder of digits and drawings"}


def main(arguments: list[str] | None = None) -> int:
    """Do one of the three steps and return the exit status: 2 for what the user can fix."""
    options = parser().parse_args(arguments)
    try:
        options.step(options)
    except RecognizerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m tools.distil",
        description=tools.distil.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = top.add_subparsers(required=True, metavar="STEP")
    drawing = steps.add_parser("pictures", help="draw what is learned from")
    drawing.set_defaults(step=_pictures)
    drawing.add_argument("--data", **_DATA)
    drawing.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .npz to write")
    training = steps.add_parser("train", help="train teachers and students on a GPU")
    training.set_defaults(step=_train)
    training.add_argument("pictures", type=Path, help="what `pictures` wrote")
    training.add_argument("--out", type=Path, required=True, metavar="RUN", help="a folder")
    training.add_argument("--trial", action="store_true", help="a hundredth of the steps")
    publishing = steps.add_parser("publish", help="make models of the students, and measure them")
    publishing.set_defaults(step=_publish)
    publishing.add_argument("run", type=Path, metavar="RUN", help="the folder of `train`")
    publishing.add_argument("--data", **_DATA)
    publishing.add_argument("--models-dir", type=Path, required=True, help="where to publish them")
    return top


# Each step imports what it needs, for none needs all: JAX, TensorFlow, OpenCV.
def _pictures(options: argparse.Namespace) -> None:
    from tools.distil import pictures

    for kind, count in pictures.write(options.data, options.out).items():
        print(f"{kind}\t{count:,}")


def _train(options: argparse.Namespace) -> None:
    if absent := [name for name in _ACCELERATED if not find_spec(name)]:
        raise SettingError(
            f"Not installed: {', '.join(absent)}. `train` needs {', '.join(_ACCELERATED)} on a "
            "machine with a GPU; no other step and no part of the app does."
        )
    os.environ["KERAS_BACKEND"] = "jax"  # before Keras is imported
    from tools.distil import training

    training.train(options.pictures, options.out, shorter=100 if options.trial else 1)


def _publish(options: argparse.Namespace) -> None:
    from tools.distil import publish

    for model in publish.publish(options.run, options.data, options.models_dir):
        print(f"{model.name}\t{model.card.accuracy:.4f} of {model.card.n:,} held-out rows")


if __name__ == "__main__":
    sys.exit(main())
