"""What a digit can undergo and stay itself: one Keras layer, in front of a network in training.

A layer inside the training step costs next to nothing, the same in `tf.data.map` halves the speed.
All moves are one affine transformation, so that the pixels are interpolated once and stay crisp.
"""

import keras
import numpy as np
from keras import ops

from recognizer.records import IMAGE_SIZE

TURN = np.radians(12)  # either way; larger turns make a 6 of a 9's top
SHEAR = 0.2  # either way: slanted writing
ZOOM = 0.12  # each side for itself, either way
SHIFT = 2.0  # pixels, either way
THICKNESS = 0.3  # of the difference to a pen one pixel wider or narrower, either way


@keras.saving.register_keras_serializable("recognizer")
class Augmentation(keras.layers.Layer):
    """Turn, slant, zoom, shift and thicken or thin each image a little, anew in each call.

    Takes and gives (n, 28, 28, 1) float32 in [0, 1]. Its random state is a variable of the layer,
    so that a checkpoint holds it. Does nothing outside training.
    """

    def __init__(self, seed: int, **options) -> None:
        super().__init__(trainable=False, **options)
        self.seed = seed
        self.random = keras.random.SeedGenerator(seed)

    def call(self, images, training: bool = False):
        """Return the images, changed when `training`."""
        if not training:
            return images
        return self._thickened(self._moved(images))

    def get_config(self) -> dict:
        """Return what makes this layer again."""
        return {**super().get_config(), "seed": self.seed}

    def _uniform(self, images, limit: float):
        return keras.random.uniform((ops.shape(images)[0],), -limit, limit, seed=self.random)

    def _moved(self, images):
        angle, shear = self._uniform(images, TURN), self._uniform(images, SHEAR)
        wide, high = 1 + self._uniform(images, ZOOM), 1 + self._uniform(images, ZOOM)
        cos, sin = ops.cos(angle), ops.sin(angle)
        # The matrix takes a pixel of the result to where it comes from: turn · shear · zoom.
        a, b = wide * cos, high * (shear * cos - sin)
        c, d = wide * sin, high * (shear * sin + cos)
        middle = (IMAGE_SIZE - 1) / 2  # stays where it is, but for the shift
        x = middle - (a + b) * middle + self._uniform(images, SHIFT)
        y = middle - (c + d) * middle + self._uniform(images, SHIFT)
        rows = ops.stack([a, b, x, c, d, y, ops.zeros_like(a), ops.zeros_like(a)], axis=1)  # (n, 8)
        return ops.image.affine_transform(images, rows, interpolation="bilinear")

    def _thickened(self, images):
        amount = self._uniform(images, THICKNESS)[:, None, None, None]  # (n, 1, 1, 1)
        thick = ops.max_pool(images, 3, strides=1, padding="same")
        thin = -ops.max_pool(-images, 3, strides=1, padding="same")
        target = ops.where(amount > 0, thick, thin)
        return images + ops.abs(amount) * (target - images)
