"""What all requests share: the loaded models, and the limits."""

import threading
from collections import OrderedDict

from recognizer.api.problems import ProblemError
from recognizer.errors import ModelError
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.system.limits import Limits
from recognizer.system.process import silence_native_stderr

MOST_LOADED = 8  # models in memory


class Service:
    """Loaded models, by what they are: one that was replaced is loaded anew."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._loaded: OrderedDict[tuple[str, str], Recognizer] = OrderedDict()

    def recognizer(self, name: str | None) -> Recognizer:
        """Return a model that is ready to read.

        Args:
            name: None for the default model.

        Raises:
            ProblemError: 404, no model has that name.
            ModelError: it is damaged.
            StorageError: the models cannot be looked into.
        """
        try:
            model = registry.find_model(name)
        except ModelError as error:
            if name is not None and name not in registry.list_models().broken:
                raise ProblemError(404, str(error)) from error
            raise
        key = model.name, model.sha256
        with self._lock:
            if key not in self._loaded:
                with silence_native_stderr():
                    self._loaded[key] = Recognizer(model.tflite, model.card)
            self._loaded.move_to_end(key)
            while len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
            return self._loaded[key]
