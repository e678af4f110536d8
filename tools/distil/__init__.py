"""Make networks on an accelerator that learn from large ones:

python -m tools.distil pictures --data DIR --out pictures.npz
python -m tools.distil train pictures.npz --out RUN
python -m tools.distil publish RUN --data DIR --models-dir DIR

`pictures` and `publish` need what the app needs, and the model of the recipe's first stage (`python
-m recognizer train --recipe first-stage`). `train` needs JAX, optax and Keras instead of
TensorFlow, and a GPU: nine minutes of one, where two processor cores would take weeks. After
`publish`, `python -m tools.reference_rows` writes what hands need beside a shipped model.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SECOND_PART = ("scans", "pen", "more", "cut")  # kinds of digits that choose
FACTS, WEIGHTS = "run.json", "students.npz"  # what `train` writes


@dataclass(frozen=True)
class Student:
    """A network that learns from the teachers.

    Attributes:
        name: in `ARCHITECTURES`.
        learning_rate: the largest.
        scans_only: whether it learns from scanned digits alone.
    """

    name: str
    learning_rate: float = 5e-3
    scans_only: bool = False


STUDENTS = (
    Student("six-conv"),
    Student("small-six-conv"),
    Student("two-block", learning_rate=2e-3, scans_only=True),  # has no batch normalisation
    Student("compact", scans_only=True),
)


@dataclass(frozen=True)
class Run:
    """What `train` did; it lies beside the weights.

    Attributes:
        steps: of the students' training.
        shares: pictures of each kind in a batch.
        pictures: of each kind, of which the batches were drawn.
        plain: share of the steps, the last ones, without augmentation.
        averaging: decay a step of the weights' moving average.
        weight_decay: as in `TrainingConfig`.
        teachers: names of the networks they learned from.
        hardware, versions: for the card.
    """

    steps: int
    shares: Mapping[str, int]
    pictures: Mapping[str, int]
    plain: float
    averaging: float
    weight_decay: float
    teachers: tuple[str, ...]
    hardware: str
    versions: Mapping[str, str]
