"""Make models of the weights that an accelerator found: temperature, files and cards."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from recognizer import datasets
from recognizer.architectures import architecture, network_input
from recognizer.datasets import mnist
from recognizer.errors import DataError, ModelError
from recognizer.models import publishing, registry, seen_rows
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel
from recognizer.records import Digits, TrainingConfig, TrainingData, join
from recognizer.system import home
from recognizer.training import adoption, export, recipes, temperature
from tools.distil import FACTS, STUDENTS, WEIGHTS, Run, Student
from tools.distil.pictures import NAMES, divided_rows, second_part


def publish(run: Path, data: Path, models_dir: Path) -> list[StoredModel]:
    """Publish every student.

    Args:
        run: folder with what `train` wrote.
        data: folder with the recipe's files.
        models_dir: where to publish; a folder without models of these names.

    Raises:
        DataError: a file is missing or damaged.
        ModelError: there is a model of a student's name, or a network's two files read otherwise.
    """
    recipes.check(data)
    for name in (FACTS, WEIGHTS):
        if not (run / name).is_file():
            raise DataError(f"{run} has no {name}: name the folder that `train` wrote.")
    for student in STUDENTS:
        if (models_dir / student.name).exists():
            raise ModelError(f"{models_dir} has {student.name} already: name another folder.")
    facts = Run(**json.loads((run / FACTS).read_text("utf-8")))
    scans, (training, validation, held_out) = divided_rows(data)
    choosing, found = second_part(data), np.load(run / WEIGHTS, allow_pickle=False)
    models = []
    for student in STUDENTS:
        network = architecture(student.name).build()
        names = sorted(name for name in found.files if name.startswith(f"{student.name}/"))
        network.set_weights([found[name] for name in names])
        deciding = validation if student.scans_only else join([*choosing.values()])
        by = _divide_logits(network, deciding)
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            export.save(network, folder, held_out)
            seen_rows.save(folder, training.images, validation.images)
            card = _card(student, facts, scans, network.count_params(), folder, by)
            model = publishing.publish(
                folder, adoption.measured(card, folder, held_out), models_dir
            )
        if not student.scans_only:
            model = replace(model, card=recipes.measure(model, data))
        models.append(model)
    return models


def _divide_logits(network: keras.Model, deciding: Digits) -> float:
    """Divide a network's logits by the temperature that some digits ask for; return that."""
    outputs = network.predict(network_input(deciding.images), verbose=0)
    by = temperature.temperature(outputs, deciding.labels)
    last = network.layers[-1]  # gives the logits
    last.set_weights([weight / by for weight in last.get_weights()])
    return by


def _card(
    student: Student, run: Run, scans: Digits, parameters: int, folder: Path, by: float
) -> ModelCard:
    """Return a network's card, without what is measured."""
    kinds = ("scans",) if student.scans_only else tuple(run.pictures)
    pictures = sum(run.pictures[kind] for kind in kinds)
    batch = sum(run.shares[kind] for kind in kinds)
    epochs = round(run.steps * batch / pictures)
    config = TrainingConfig(
        architecture=student.name,
        epochs=epochs,
        batch_size=batch,
        learning_rate=student.learning_rate,
        weight_decay=run.weight_decay,
        plain_epochs=round(run.plain * epochs),
        averaging=run.averaging,
        teachers=tuple(run.teachers),
    )
    licences = [mnist.LICENCE]
    if not student.scans_only:
        licences += [recipes.PEN_LICENCE, recipes.LETTER_LICENCE]
    return ModelCard(
        name=student.name,
        architecture=student.name,
        parameters=parameters,
        accuracy=0.0,
        n=0,
        interval=(0.0, 1.0),
        data=TrainingData(
            tuple(NAMES[kind] for kind in kinds),
            datasets.fingerprint(scans),
            len(scans) + pictures - run.pictures["scans"],
            pictures,
            "; ".join(licences),
        ),
        config=config,
        history=(),
        created=home.now(),
        hardware=run.hardware,
        versions=dict(run.versions),
        sha256={name: registry.sha256(folder / name) for name in registry.WEIGHTS},
        temperature=by,
    )
