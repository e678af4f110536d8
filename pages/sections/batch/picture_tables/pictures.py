"""Pictures being read one after the other, in a thread of its own, while the page looks on.

Nothing in here touches Streamlit; what was read before it was cancelled stays.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from recognizer.datasets.formats.pictures import Picture

Found = TypeVar("Found")
_log = logging.getLogger(__name__)


class PictureRun(Generic[Found]):
    """One reading of pictures.

    Attributes:
        count: how many pictures there are.
        results: what was read so far, in their order.
        problem: why it ended early; "" where it did not.
    """

    def __init__(self, pictures: Sequence[Picture], read: Callable[[Picture], Found]) -> None:
        """Begin.

        Args:
            pictures: to read.
            read: reads one; what cannot be read is a result as well.
        """
        self.count, self.problem = len(pictures), ""
        self.results: list[Found] = []
        self._pictures, self._read = pictures, read
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """End it after the picture that is being read."""
        self._cancelled.set()

    def is_ended(self) -> bool:
        """Whether all is read, or it was cancelled."""
        return not self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _work(self) -> None:
        try:
            for picture in self._pictures:
                if self._cancelled.is_set():
                    return
                self.results.append(self._read(picture))
        except Exception as error:
            _log.exception("Reading pictures failed")
            kind = type(error).__name__
            self.problem = f"Internal error ({kind}): the server's log says more."
