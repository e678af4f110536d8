"""One network in training on JAX: its state, and one step of it."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import keras
import optax

from tools.distil.batches import BATCH

WARMUP = 0.15  # share of the steps in which the learning rate rises
WEIGHT_DECAY, AVERAGING = 0.01, 0.998

Weights = list[jax.Array]


@dataclass(frozen=True, eq=False)
class Learner:
    """A network in training.

    Attributes:
        network: of which the weights are taken at the start and put in place at the end.
        rate: the largest learning rate.
        rows: pictures of a batch that it sees, from the first.
    """

    network: keras.Model
    rate: float
    rows: int = BATCH

    def state(self) -> tuple:
        """Return weights, the optimizer's state and the weights' averages."""
        trained, other = values(self.network)
        return trained, other, _optimizer().init(trained), trained, other

    def step(self, state: tuple, images: jax.Array, targets: jax.Array, at: jax.Array, of: int):
        """Return the state after one step, and the loss.

        Args:
            state: as `state` returns it.
            images: of the batch.
            targets: array of shape (1024, 11).
            at: number of the step.
            of: number of steps.
        """
        trained, other, moments, average, other_average = state
        wanted = targets[: self.rows, : self.network.output_shape[-1]]
        wanted = wanted / wanted.sum(axis=1, keepdims=True)

        def loss(trained: Weights) -> tuple[jax.Array, Weights]:
            outputs, new = self.network.stateless_call(
                trained, other, images[: self.rows], training=True
            )
            return -(wanted * jnp.log(jnp.clip(outputs, 1e-7))).sum(axis=1).mean(), new

        (value, other), gradient = jax.value_and_grad(loss, has_aux=True)(trained)
        moments.hyperparams["learning_rate"] = self.rate * _cycle(at / of)
        updates, moments = _optimizer().update(gradient, moments, trained)
        trained = optax.apply_updates(trained, updates)
        return (
            (
                trained,
                other,
                moments,
                _averaged(average, trained, at),
                _averaged(other_average, other, at),
            ),
            value,
        )

    def finish(self, state: tuple) -> None:
        """Put the averages of the weights in place."""
        for variables, arrays in (
            (self.network.trainable_variables, state[3]),
            (self.network.non_trainable_variables, state[4]),
        ):
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(array)


def values(network: keras.Model) -> tuple[Weights, Weights]:
    """Return what is trained of a network, and what else it holds."""
    return (
        [one.value for one in network.trainable_variables],
        [one.value for one in network.non_trainable_variables],
    )


def _optimizer() -> optax.GradientTransformation:
    """Return Adam with its weight decay apart; each step brings its learning rate."""
    adam = optax.inject_hyperparams(optax.adamw)
    return adam(learning_rate=0.0, weight_decay=WEIGHT_DECAY, eps=1e-7)


def _cycle(done: jax.Array) -> jax.Array:
    """Return the share of the largest learning rate: it rises, then falls as half a cosine."""
    falling = 0.5 * (1 + jnp.cos(jnp.pi * jnp.clip((done - WARMUP) / (1 - WARMUP), 0, 1)))
    return jnp.where(done < WARMUP, done / WARMUP, falling)


def _averaged(kept: Weights, new: Weights, at: jax.Array) -> Weights:
    """Return the moving average; whole numbers, such as random states, are as they are now."""
    share = 1 - jnp.minimum(AVERAGING, (1 + at) / (10 + at))
    return [
        old + (now - old) * share if jnp.issubdtype(now.dtype, jnp.floating) else now
        for old, now in zip(kept, new, strict=True)
    ]
