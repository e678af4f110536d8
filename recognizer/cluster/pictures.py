"""Pictures of numbers on several processes or machines: names in, rows of a table out, in order.

with client.connect(address) as dask, pictures.NumberReader(dask, model) as reader:
    for name, rows in reader.read(names):
        ...

What a lost worker was at is read again by another one. A picture that cannot be read is a row with
its reason. Dask is an optional extra: nobody imports this module but to use it.
"""

import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from distributed import Client, Future, get_worker

from recognizer.cluster.client import LOST, cannot_load, lost
from recognizer.cluster.worker import Model
from recognizer.models.registry import StoredModel
from recognizer.numbers.files import Rows, read_rows

_AT_ONCE = 16  # pictures a task: about a second's work
_WINDOW = 64  # tasks asked for and not yet taken; more where there are more threads


class NumberReader:
    """One model's reading of pictures of numbers on a cluster.

    Args:
        client: of `client.connect`.
        model: what reads; the workers need not have it.
        wanted: `length` and `pattern`, as `read_numbers` takes them.
    """

    def __init__(
        self, client: Client, model: StoredModel, wanted: Mapping[str, Any] | None = None
    ) -> None:
        self._client, self._wanted = client, dict(wanted or {})
        self._plugin = Model(f"model-{uuid.uuid4().hex}", model.tflite.read_bytes(), model.card)
        self._asked: deque[tuple[tuple[str, ...], Future]] = deque()
        self._window = max(_WINDOW, 2 * sum(client.nthreads().values()))

    def __enter__(self) -> "NumberReader":
        """Bring the model to the workers.

        Raises:
            ClusterError: they cannot load it.
        """
        try:
            self._client.register_plugin(self._plugin)
        except Exception as error:  # whatever the workers raise
            raise cannot_load(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(*LOST, OSError):
            for _names, future in self._asked:
                future.cancel()
            self._client.unregister_worker_plugin(self._plugin.name)

    def read(self, names: Iterable[str]) -> Iterator[tuple[str, Rows]]:
        """Yield each picture's name and rows of `numbers.COLUMNS`, in the order of the names.

        Raises:
            ClusterError: the workers were lost, one after the other.
        """
        to_ask = iter(names)
        while True:
            while len(self._asked) < self._window and (some := tuple(islice(to_ask, _AT_ONCE))):
                self._asked.append((some, self._ask(some)))
            if not self._asked:
                return
            some, future = self._asked.popleft()
            try:
                read = future.result()
            except LOST as error:
                raise lost(f"{some[0]} and what follows it", error) from error
            yield from zip(some, read, strict=True)

    def _ask(self, names: tuple[str, ...]) -> Future:
        return self._client.submit(read_many, names, self._plugin.name, self._wanted, pure=False)


def read_many(names: tuple[str, ...], model: str, wanted: dict[str, Any]) -> list[Rows]:
    """Read pictures on the worker that this runs on."""
    recognizer = get_worker().plugins[model].recognizer
    return [read_rows(recognizer, name, wanted) for name in names]
