"""Write a trained network to disk, for Keras and for LiteRT, and check that both agree."""

import os
import platform
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from recognizer.architectures import network_input
from recognizer.errors import ModelError, reason
from recognizer.models import registry
from recognizer.records import IMAGE_SIZE, PIXELS, Digits

AGREEMENT = 1e-4  # largest difference of a probability between Keras and LiteRT in float32
SAME_DIGIT = 0.9995  # share of the images on which Keras and LiteRT in int8 read the same digit
MEAN_DIFFERENCE = 1e-3  # of a probability between these two
SAMPLE = 4_000  # images on which the two are compared
INT8, FLOAT16 = "int8", "float16"
_INPUTS = ((IMAGE_SIZE, IMAGE_SIZE, 1), (IMAGE_SIZE, IMAGE_SIZE), (PIXELS,))


def save(
    network: keras.Model, folder: Path, digits: Digits, *, agreement: float = AGREEMENT
) -> None:
    """Write `model.keras` and `model.tflite`, and check that they read alike.

    The LiteRT network has weights in int8 where it then reads as the Keras one does, the same digit
    on 99.95 % of the images and probabilities that differ by 0.001 on average, and in float32
    elsewhere.

    Args:
        network: not compiled: an optimizer's state would be written too and triple the file.
        folder: an existing folder.
        digits: images to compare the two on; the first 4,000 are taken.
        agreement: the largest difference of a probability between the two in float32.

    Raises:
        ModelError: the two differ also in float32, by more than that, or in a digit.
    """
    network.save(folder / registry.KERAS_FILE)
    images = network_input(digits.images[:SAMPLE])
    ours = network.predict(images, verbose=0)
    file = folder / registry.TFLITE_FILE
    file.write_bytes(_converted(network, INT8))
    if _reads_alike(ours, _lite(file, images, ours.shape[1])):
        return
    file.write_bytes(_converted(network))
    theirs = _lite(file, images, ours.shape[1])
    difference = float(np.abs(ours - theirs).max())
    if difference > agreement or (ours.argmax(axis=1) != theirs.argmax(axis=1)).any():
        raise ModelError(
            f"The LiteRT network differs from the Keras one by {difference:.1e} in a probability, "
            f"expected at most {agreement:.0e}: not published."
        )


def load(file: Path) -> keras.Model:
    """Load a network of one's own, running nothing that its file holds.

    Raises:
        ModelError: it is none, needs code, or is not built.
    """
    try:
        network = keras.models.load_model(file, compile=False, safe_mode=True)
        shape = network.input_shape
    except Exception as error:  # whatever Keras meets in it
        raise ModelError(
            f"Keras {keras.__version__} cannot load it safely ({reason(error)}): expected a .keras "
            "without custom objects and Lambda layers."
        ) from error
    if not isinstance(shape, tuple) or tuple(shape[1:]) not in _INPUTS:
        raise ModelError(
            f"it takes {shape}: expected one input of (28, 28, 1), (28, 28) or (784,)."
        )
    if tuple(network.output_shape)[1:] not in ((10,), (11,)):
        raise ModelError(f"it gives {network.output_shape}: expected probabilities of ten digits.")
    return network


def wrapped(network: keras.Model, scale: float) -> keras.Model:
    """Return a network that takes (28, 28, 1) from 0 to 1 and gives probabilities.

    Args:
        network: as `load` returns it.
        scale: the value of full ink that it learned from.
    """
    inner = tuple(network.input_shape[1:])
    images = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1))
    scaled = images if scale == 1 else keras.layers.Rescaling(scale)(images)
    shaped = scaled if inner == images.shape[1:] else keras.layers.Reshape(inner)(scaled)
    outputs = network(shaped)
    noise = np.random.default_rng(1).random((4, *inner), np.float32) * scale
    sums = network.predict(noise, verbose=0).sum(axis=1)
    if np.abs(sums - 1).max() > 1e-3:  # logits
        # A last layer of another input width, which distinguishes outputs from features.
        count = outputs.shape[-1]
        last = keras.layers.Dense(count, activation="softmax", use_bias=False)
        outputs = last(keras.layers.Concatenate()([outputs, outputs]))
        last.set_weights([np.vstack([np.eye(count), np.zeros((count, count))])])
    return keras.Model(images, outputs)


def outputs(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return what a network gives, (n, 10) or (n, 11), for (n, 28, 28) uint8."""
    return network.predict(network_input(images), verbose=0)


def _reads_alike(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether a network in int8 reads as it does in float32; arrays of shape (n, 10) or (n, 11)."""
    same = (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean()
    return bool(same >= SAME_DIGIT and np.abs(ours - theirs).mean() <= MEAN_DIFFERENCE)


def versions() -> dict[str, str]:
    """Return what decides how a training comes out, by name."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def hardware() -> str:
    """Return the class of this machine, such as "2 x86_64 cores, linux"."""
    gpus = len(tf.config.list_physical_devices("GPU"))
    accelerators = f", {gpus} GPU" if gpus else ""
    return f"{os.cpu_count()} {platform.machine()} cores{accelerators}, {sys.platform}"


def light(network: keras.Model) -> bytes:
    """Return the network for LiteRT with weights in float16: half the size, nearly the same."""
    return _converted(network, FLOAT16)


def exact(network: keras.Model) -> bytes:
    """Return the network for LiteRT with weights in float32, as Keras has them."""
    return _converted(network)


def _converted(network: keras.Model, weights: str | None = None) -> bytes:
    """Return the network for LiteRT.

    Args:
        network: with its features as a second output.
        weights: in int8, float16, or None for float32. With int8 ("dynamic range") the weights of a
            map are whole numbers times one scale, and a stage rounds its input to 256 steps,
            anew for each image: a quarter of the size and, on processors that multiply int8,
            several times as fast. The smallest stages stay in float32.
    """
    with tempfile.TemporaryDirectory() as saved:
        # from_keras_model prints the whole signature
        _with_features(network).export(saved, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(saved)
        if weights:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weights == FLOAT16:
            converter.target_spec.supported_types = [tf.float16]
        return converter.convert()


def _with_features(network: keras.Model) -> keras.Model:
    """Return the network with a second output: what its last layer works on, (n, features)."""
    return keras.Model(network.inputs, [*network.outputs, network.layers[-1].input])


def _lite(path: Path, images: np.ndarray, outputs: int) -> np.ndarray:
    """Return the probabilities that LiteRT gives, (n, outputs), in one call."""
    from ai_edge_litert.interpreter import Interpreter

    runtime = Interpreter(model_path=str(path))
    index = runtime.get_input_details()[0]["index"]
    runtime.resize_tensor_input(index, images.shape)
    runtime.allocate_tensors()
    runtime.set_tensor(index, images)
    runtime.invoke()
    found = (runtime.get_tensor(one["index"]) for one in runtime.get_output_details())
    return next(one for one in found if one.shape[1] == outputs)
