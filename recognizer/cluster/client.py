"""The same reading on several processes or machines, by Dask: tables in, answers out in order.

with cluster.connect("tls://scheduler:8786", tls) as client:
    with cluster.TablePredictor(client, model, places) as predictor:
        for place in places:
            for answer in predictor.predict(place):
                ...

Tables are cut into blocks that any worker reads; what a lost worker was at is read again by
another one. Dask is an optional extra: nobody imports this module but to use it.
"""

import logging
import os
import uuid
from asyncio import CancelledError
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.comm import CommClosedError
from distributed.security import Security

from recognizer.cluster import partitions
from recognizer.cluster.worker import BlockPredictions, Model, read
from recognizer.datasets.formats.dialect import FIND_OUT, Adjustments
from recognizer.datasets.locations import Place
from recognizer.errors import ClusterError, DataError, RowError
from recognizer.models.registry import StoredModel

_WINDOW = 256  # blocks asked for and not yet taken; more where there are more threads
_TRIES = 3  # of a block whose file could not be read: object stores have moods
_TIMEOUT = 30  # seconds for a scheduler to answer
LOST = (KilledWorker, CancelledError, CommClosedError, TimeoutError)


@dataclass(frozen=True)
class Tls:
    """PEM files for TLS; what is None, Dask takes from its own configuration."""

    ca_file: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def security(self) -> Security | None:
        """Return it in Dask's form; None for no file at all."""
        files = {"ca_file": self.ca_file, "client_cert": self.cert, "client_key": self.key}
        paths = {f"tls_{name}": str(file) for name, file in files.items() if file}
        return Security(require_encryption=True, **paths) if paths else None


@contextmanager
def connect(address: str | None = None, tls: Tls = Tls()) -> Iterator[Client]:
    """Connect to a scheduler; without an address, to a process a core that are started here.

    Raises:
        ClusterError: it cannot be reached.
    """
    if address is None:
        with local() as client:
            yield client
        return
    try:
        client = Client(address, security=tls.security(), timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise ClusterError(
            f"No Dask scheduler at {address} ({_reason(error)}): expected an address such as "
            "tcp://host:8786, or tls:// with the three --tls files."
        ) from error
    with client:
        yield client


def cannot_load(error: Exception) -> ClusterError:
    """Return what is said where workers cannot load a model."""
    return ClusterError(
        f"The workers cannot load the model ({_reason(error)}): they and the scheduler need this "
        "checkout and its packages, see docs/cluster.md."
    )


def lost(what: str, error: BaseException) -> ClusterError:
    """Return what is said where the workers that read something are lost."""
    return ClusterError(
        f"The workers that read {what} were lost ({type(error).__name__}): look at their logs, "
        "and give them more memory."
    )


class TablePredictor:
    """One model's reading of tables on a cluster.

    Args:
        client: see `connect`.
        model: what reads; the workers need not have it.
        places: the tables, in the order in which `predict` will be asked for them.
        probabilities: whether the answers have them.
        adjustments: what a person says of the tables' pixels.

    Attributes:
        model: its name.
        rows: read so far, of all tables.

    Raises:
        ClusterError: the workers cannot load the model.
    """

    def __init__(
        self,
        client: Client,
        model: StoredModel,
        places: Sequence[Place],
        *,
        probabilities: bool = False,
        adjustments: Adjustments = FIND_OUT,
    ) -> None:
        self._client, self._probabilities = client, probabilities
        self._adjustments = adjustments
        self._plugin = Model(f"model-{uuid.uuid4().hex}", model.tflite.read_bytes(), model.card)
        self.model, self.rows, self._bytes = model.name, 0, 0
        self._all_bytes = sum(place.size or 0 for place in places)
        self._asked: deque[_Asked] = deque()
        self._left: set[str] = set()
        self._to_ask = self._plan(places)
        self._window = max(_WINDOW, 2 * sum(client.nthreads().values()))

    def __enter__(self) -> "TablePredictor":
        try:
            self._client.register_plugin(self._plugin)
        except Exception as error:  # whatever the workers raise
            raise cannot_load(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(*LOST, OSError):
            for asked in self._asked:
                asked.cancel()
            self._client.unregister_worker_plugin(self._plugin.name)

    @property
    def share(self) -> float:
        """Of the bytes that were read, 0 to 1."""
        return min(1.0, self._bytes / max(1, self._all_bytes))

    def predict(self, place: Place) -> Iterator[BlockPredictions]:
        """Yield the answers to a table's blocks, in order.

        Raises:
            DataError: it is not in Kaggle's form; the other tables can still be read.
            ClusterError: the workers were lost, one after the other.
        """
        before = self.rows
        try:
            while answer := self._next(place):
                self.rows += len(answer.labels)
                yield answer
        except RowError as error:
            raise error.moved(self.rows - before) from None
        finally:
            self._left.add(place.name)
            while self._asked and self._asked[0].place == place.name:
                self._asked.popleft().cancel()
        if self.rows == before:
            raise DataError("The file has no rows below its header: expected one row a digit.")

    def _next(self, place: Place) -> BlockPredictions | None:
        """Return the next block's answer; None at the end of the table."""
        while len(self._asked) < self._window and (asked := next(self._to_ask, None)):
            self._asked.append(asked)
        if not self._asked or self._asked[0].place != place.name:
            return None
        asked = self._asked.popleft()
        self._bytes += asked.bytes
        try:
            return asked.result()
        except LOST as error:
            raise lost(place.name, error) from error

    def _plan(self, places: Sequence[Place]) -> Iterator["_Asked"]:
        """Ask for one block after the other, of tables that nobody has left."""
        for place in places:
            try:
                found = partitions.plan(place, adjustments=self._adjustments)
            except DataError as error:
                yield _Asked(place.name, 0, error)
                continue
            for block in found:
                if place.name not in self._left:
                    yield _Asked(place.name, (place.size or 0) / len(found), self._ask(block))

    def _ask(self, block: partitions.Block) -> Future:
        return self._client.submit(
            read, block, self._plugin.name, self._probabilities, pure=False, retries=_TRIES - 1
        )


@dataclass(frozen=True)
class _Asked:
    """A block that was asked for, or why its table has none."""

    place: str
    bytes: float
    future: Future | DataError

    def result(self) -> BlockPredictions:
        if isinstance(self.future, DataError):
            raise self.future
        return self.future.result()

    def cancel(self) -> None:
        if isinstance(self.future, Future):
            self.future.cancel()


@contextmanager
def local(workers: int | None = None) -> Iterator[Client]:
    """Start processes on this machine, one a core by default; no one else can send them work."""
    with (
        LocalCluster(
            n_workers=workers or os.cpu_count() or 1,
            threads_per_worker=1,
            host="127.0.0.1",
            protocol="tls",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",  # its own default is a fixed port
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _reason(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200].rstrip(".")
