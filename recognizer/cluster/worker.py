"""What a worker of a cluster does: loads its model once, and reads blocks of tables with it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from distributed import Worker, WorkerPlugin, get_worker

from recognizer.cluster import partitions
from recognizer.cluster.partitions import Block
from recognizer.datasets.formats.dialect import Dialect
from recognizer.evaluation import Tally
from recognizer.inference import Recognizer
from recognizer.inference.streaming import doubted, predict_pieces
from recognizer.models.card import ModelCard
from recognizer.records import LABELS
from recognizer.system.process import silence_native_stderr


@dataclass(frozen=True, eq=False)
class BlockPredictions:
    """What was read in a block.

    Attributes:
        labels: array of shape (n,), uint8, what was read.
        probabilities: array of shape (n, 10), float32; None unless asked for.
        tally: against the true labels; zero where the table has none.
        doubted: the rows, from 0 in the block, that do not look like a digit.
        dialect: how the table is written.
    """

    labels: np.ndarray
    probabilities: np.ndarray | None
    tally: Tally
    doubted: np.ndarray
    dialect: Dialect


class Model(WorkerPlugin):
    """Brings a model to every worker, also to those that join later. Each loads it once.

    Attributes:
        name: of the plugin, this run's own.
        recognizer: on a worker, the loaded model; its threads share it.
    """

    def __init__(self, name: str, tflite: bytes, card: ModelCard) -> None:
        self.name, self._tflite, self._card = name, tflite, card

    def setup(self, worker: Worker) -> None:
        """Load the model; Dask calls it when the worker gets the plugin."""
        file = Path(worker.local_directory) / f"{self.name}.tflite"
        file.write_bytes(self._tflite)
        with silence_native_stderr():
            self.recognizer = Recognizer(file, self._card, threads=worker.state.nthreads)

    def teardown(self, worker: Worker) -> None:
        """Clear up, when the run has ended."""
        (Path(worker.local_directory) / f"{self.name}.tflite").unlink(missing_ok=True)


def read(block: Block, model: str, keep_probabilities: bool) -> BlockPredictions:
    """Read a block on the worker that this runs on.

    Raises:
        DataError: it is not in Kaggle's form; rows are counted from the block's first.
    """
    recognizer = get_worker().plugins[model].recognizer
    labels, probabilities = [np.empty(0, np.uint8)], [np.empty((0, len(LABELS)), np.float32)]
    tally, strange = Tally.zero(), [np.empty(0, int)]
    with partitions.opened(block) as stream:
        for piece in predict_pieces(recognizer, stream, scored=True):
            labels.append(piece.labels)
            strange.append(doubted(recognizer, piece))
            if keep_probabilities:
                probabilities.append(piece.probabilities)
            if stream.labelled:
                tally += Tally.of(piece.probabilities, piece.digits.labels)
    kept = np.concatenate(probabilities) if keep_probabilities else None
    return BlockPredictions(
        np.concatenate(labels), kept, tally, np.concatenate(strange), stream.dialect
    )
