"""Batches of changed pictures, drawn on the accelerator: a step never waits for them."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from recognizer.records import IMAGE_SIZE, WHITE
from recognizer.training.augmentation import SHEAR, SHIFT, THICKNESS, TURN, ZOOM

SHARES = {"scans": 448, "pen": 384, "cut": 32, "more": 16, "letters": 96, "false": 48}  # a batch
BATCH = sum(SHARES.values())
AS_THEY_ARE = SHARES["scans"] // 4  # scans that are not bent

KNOTS, BEND = 4, 0.6  # as in imaging.synthesis.warped, which needs OpenCV

Pictures = Mapping[str, tuple[jax.Array, jax.Array]]  # kind: images (n, 28, 28) uint8, labels

_MIDDLE = (IMAGE_SIZE - 1) / 2
_SPREAD = np.asarray(jax.image.resize(jnp.eye(KNOTS), (IMAGE_SIZE, KNOTS), "cubic"))
_Y, _X = np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE].astype(np.float32)


def batch(key: jax.Array, pictures: Pictures, plain: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Draw pictures of each kind and change them.

    Args:
        key: decides which, and how.
        pictures: of each kind in `SHARES`.
        plain: 1 leaves out all changes but the scans' bends, 0 does not.

    Returns:
        Images (1024, 28, 28, 1) float32 from 0 to 1, the scans first, and labels (1024,).
    """
    choice, change = jax.random.split(key)
    images, labels = [], []
    for number, (kind, count) in enumerate(SHARES.items()):
        of_kind, their_labels = pictures[kind]
        rows = jax.random.randint(
            jax.random.fold_in(choice, number), (count,), 0, len(their_labels)
        )
        images.append(of_kind[rows])
        labels.append(their_labels[rows])
    drawn = jnp.concatenate(images).astype(jnp.float32) / WHITE
    place = jnp.arange(BATCH)
    bent = ((place >= AS_THEY_ARE) & (place < SHARES["scans"])).astype(jnp.float32)
    return _changed(change, drawn, bent, plain)[..., None], jnp.concatenate(labels)


def _changed(key: jax.Array, images: jax.Array, bent: jax.Array, plain: jax.Array) -> jax.Array:
    """Turn, slant, zoom, shift, bend and thicken images (n, 28, 28), interpolating them once."""
    keys = iter(jax.random.split(key, 8))

    def each(limit: float) -> jax.Array:
        drawn = jax.random.uniform(next(keys), (len(images),), minval=-limit, maxval=limit)
        return ((1 - plain) * drawn)[:, None, None]

    angle, shear, wide, high = each(TURN), each(SHEAR), 1 + each(ZOOM), 1 + each(ZOOM)
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    x, y = _X - _MIDDLE, _Y - _MIDDLE
    from_x = wide * cos * x + high * (shear * cos - sin) * y + _MIDDLE + each(SHIFT)
    from_y = wide * sin * x + high * (shear * sin + cos) * y + _MIDDLE + each(SHIFT)
    knots = BEND * jax.random.normal(next(keys), (2, len(images), KNOTS, KNOTS))
    field = jnp.einsum("ia,cnab,jb->cnij", _SPREAD, knots, _SPREAD) * bent[:, None, None]
    moved = _sampled(images, from_x + field[0], from_y + field[1])
    amount = each(THICKNESS)
    target = jnp.where(amount > 0, _largest(moved), -_largest(-moved))
    return moved + jnp.abs(amount) * (target - moved)


def _sampled(images: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    """Return images (n, 28, 28) at places of the same shape, bilinear; all around is black."""
    side = IMAGE_SIZE + 3  # one before, two behind
    flat = jnp.pad(images, ((0, 0), (1, 2), (1, 2))).reshape(len(images), side * side)
    x, y = jnp.clip(x, -1, IMAGE_SIZE), jnp.clip(y, -1, IMAGE_SIZE)
    left, top = jnp.floor(x), jnp.floor(y)
    right_share, low_share = x - left, y - top
    first = ((top + 1) * side + left + 1).astype(jnp.int32).reshape(len(images), -1)

    def pixels(offset: int) -> jax.Array:
        return jnp.take_along_axis(flat, first + offset, axis=1).reshape(x.shape)

    upper = pixels(0) * (1 - right_share) + pixels(1) * right_share
    lower = pixels(side) * (1 - right_share) + pixels(side + 1) * right_share
    return upper * (1 - low_share) + lower * low_share


def _largest(images: jax.Array) -> jax.Array:
    """Return the largest of each pixel and its eight neighbours."""
    return jax.lax.reduce_window(images, -jnp.inf, jax.lax.max, (1, 3, 3), (1, 1, 1), "SAME")
