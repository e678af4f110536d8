"""What all requests share: the loaded models, and the limits."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from recognizer.adaptation import hands
from recognizer.api.problems import ProblemError
from recognizer.datasets.corrections import Corrections
from recognizer.errors import ModelError, SettingError
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
        self._loaded: OrderedDict[Hashable, Any] = OrderedDict()

    def recognizer(self, name: str | None) -> Recognizer:
        """Return a model that is ready to read.

        Args:
            name: None for the default model.

        Raises:
            ProblemError: 404, no model has that name.
            ModelError: it is damaged.
            StorageError: the models cannot be looked into.
        """
        return self._load(self._find(name))

    def recognizer_of_hand(self, name: str | None, hand: str) -> hands.TriedHand:
        """Return a model that also knows a person's handwriting, and whether that helps.

        Raises:
            SettingError: nothing is kept by that name.
            ProblemError, ModelError, StorageError: as `recognizer`.
        """
        kept = Corrections(hand=hand)
        if not kept.count():
            raise SettingError(
                f"No handwriting is kept by the name {kept.hand!r}: `python -m recognizer hands` "
                "lists the names."
            )
        model, drawings = self._find(name), kept.digits()
        recognizer = self._load(model)
        content = hashlib.sha256(drawings.images.tobytes() + drawings.labels.tobytes()).digest()
        key = model.name, model.sha256, content
        with self._lock:
            if key not in self._loaded:
                self._keep(key, hands.load(model, recognizer, drawings))
            return self._loaded[key]

    def _find(self, name: str | None) -> registry.StoredModel:
        try:
            return registry.find_model(name)
        except ModelError as error:
            if name is not None and name not in registry.list_models().broken:
                raise ProblemError(404, str(error)) from error
            raise

    def _load(self, model: registry.StoredModel) -> Recognizer:
        key = model.name, model.sha256
        with self._lock:
            if key not in self._loaded:
                with silence_native_stderr():
                    self._keep(key, Recognizer.of(model))
            self._loaded.move_to_end(key)
            return self._loaded[key]

    def _keep(self, key: Hashable, loaded: Any) -> None:
        self._loaded[key] = loaded
        while len(self._loaded) > MOST_LOADED:
            self._loaded.popitem(last=False)
