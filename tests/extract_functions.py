"""Functions for the tests of extraction, each of another kind of callable or argument."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec as P

TABLE = np.arange(6, dtype=np.float32)
SCALE = 2.0


def helper(x):
    return jnp.sin(x) * SCALE


def plain(x, y):
    return helper(x) @ y


def trees(params, batch, *, flag=None):
    return {"loss": jnp.sum(params["w"] * batch[0]), "rest": (batch[1], flag)}


def power(x, n, y):
    return x**n + y


def lookup(i):
    return jnp.asarray(TABLE)[i]


@functools.partial(jax.jit, static_argnums=(1,), donate_argnums=(0,))
def jitted(x, n):
    return x * n


def normal(key):
    return jax.random.normal(key, (3,))


@jax.custom_vjp
def doubled(x):
    return 2 * x


doubled.defvjp(lambda x: (2 * x, None), lambda _, g: (2 * g,))


def printing(x):
    print("traced")
    jax.debug.print("value {}", x.sum())
    return x + 1


def called_back(x):
    return jax.pure_callback(lambda v: np.sin(v), x, x)


def sharded(x):
    mesh = jax.sharding.Mesh(jax.devices(), ("d",))
    add = jax.shard_map(lambda v: jax.lax.psum(v, "d"), mesh=mesh, in_specs=P("d"), out_specs=P())
    return add(x)


def repeated(x):
    mesh = jax.sharding.Mesh(jax.devices(), ("d",))
    add = jax.shard_map(
        lambda v: jax.lax.psum(v, "d"), mesh=mesh, in_specs=P("d"), out_specs=P("d")
    )
    return add(x)


def branching(x):
    if x > 0:
        return x
    return -x


def nothing():
    return jnp.arange(3)


class Model:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, x):
        return x * self.scale

    def times(self, x, n=1):
        return self(x) * n


model = Model(3.0)
partial = functools.partial(power, n=2)
short = lambda x: x + 1  # noqa: E731


class Pair(NamedTuple):
    first: jax.Array
    second: jax.Array


def of_pair(pair, batch):
    return pair[0] * batch["x"] + pair[1]


def scaled(x, *, scale):
    return x * scale


# A function whose text is in no file.
exec("def made(x):\n    return x * 2 + 1\n")
