"""What each command does: arguments in, lines or one JSON document on stdout.

Each imports what it needs when it runs: `models` needs no OpenCV, and none needs Keras.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from recognizer.api import documents
from recognizer.cli.numbers import form, several
from recognizer.cli.people import hands
from recognizer.cli.training import experiment
from recognizer.errors import PictureError, SettingError
from recognizer.models import registry
from recognizer.system.process import silence_native_stderr


def read(options: argparse.Namespace) -> int:
    """Read pictures of one digit each; those that cannot be read are named on stderr."""
    experiment.resolve(options)
    models = options.model or []
    modes = {"--several": options.several, "--form": options.form, "--hand": options.hand}
    if len(models) > 1 and any(modes.values()):
        unfit = next(name for name, given in modes.items() if given)
        raise SettingError(f"Models are averaged without {unfit}: leave it out, or name one model.")
    several.check(options)
    if options.form:
        return form.read(options)
    if options.several:
        return several.read(options)
    from recognizer.evaluation import percent
    from recognizer.imaging.decoding import open_picture
    from recognizer.inference import ensemble

    with silence_native_stderr():
        if len(models) > 1:
            recognizer = ensemble.load(models)
        else:
            recognizer = hands.load(next(iter(models), None), options.hand)
    results, status = [], 0
    for path in options.pictures:
        try:
            picture = open_picture(Path(path).read_bytes())
            reading = recognizer.read(picture.pixels)
        except (OSError, PictureError) as error:
            is_file = isinstance(error, PictureError)
            why = error if is_file else f"{error.strerror}; name the file of a picture."
            print(f"{path}: {why}", file=sys.stderr)
            status = 2
            continue
        if picture.note:
            print(f"{path}: {picture.note}", file=sys.stderr)
        results.append(documents.reading_entry(path, reading))
    if options.json:
        _print_json(results)
    for result in [] if options.json else results:
        if result["digit"] is None:
            print(f"{result['file']}\tblank")
            continue
        doubt = "" if result["is_digit"] else "? does not look like a digit"
        print(f"{result['file']}\t{result['digit']}{doubt}\t{percent(result['confidence'])}")
    return status


def models(options: argparse.Namespace) -> None:
    """List the models; the ones left out are named on stderr."""
    found = registry.list_models()
    for reason in found.broken.values():
        print(f"Left out {reason}", file=sys.stderr)
    if options.json:
        _print_json([documents.model_entry(model) for model in found.available])
        return
    if not found.available and not found.broken:
        registry.find_model()  # says how to get one
    print(f"{'name':24} {'architecture':14} {'parameters':>12} {'accuracy':>9} {'n':>7}")
    for model in found.available:
        card, mark = model.card, "  default" if model.default else ""
        print(
            f"{model.name:24} {card.architecture:14} {card.parameters:12,} "
            f"{card.accuracy:9.4f} {card.n:7,}{mark}"
        )


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2))
