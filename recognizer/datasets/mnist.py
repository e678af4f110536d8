"""MNIST's 60,000 training digits, for those with a network; Keras knows where they lie."""

import os
import tempfile

from recognizer.errors import DataError
from recognizer.records import Digits

NAME = "MNIST"
LICENCE = "MNIST, LeCun, Cortes & Burges, CC BY-SA 3.0"


def fetch() -> Digits:
    """Download the training digits; nothing is left on the disk.

    Raises:
        DataError: they cannot be downloaded.
    """
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["KERAS_HOME"] = scratch  # read by the import; else it writes into ~/.keras
        from keras.datasets import mnist

        try:
            (images, labels), _ = mnist.load_data()
        except Exception as error:  # Keras raises plain Exception for a failed download
            reason = " ".join(str(error).split())[:120]
            raise DataError(
                f"MNIST cannot be fetched ({reason}): check the network, or download Kaggle's "
                "train.csv in a browser and upload it."
            ) from error
    return Digits(images, labels)
