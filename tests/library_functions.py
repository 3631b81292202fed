"""Functions of JAX libraries with arguments, for the extraction suite: `cases()` gives those of the
libraries that are installed.

A case is (group, name, function, arguments, keywords, jit keywords).
"""

import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Case(NamedTuple):
    group: str
    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = {}
    jit: dict[str, Any] = {}


X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)
Y = np.linspace(0.1, 0.9, 24, dtype=np.float32).reshape(4, 6)
LABELS = np.array([0, 5, 2, 1], np.int32)
KEY = jax.random.key(0)
PARAMS = {"w": X, "b": [Y[0], np.float32(2.0)]}


def cases() -> Iterator[Case]:
    for group, make in _LIBRARIES.items():
        try:
            importlib.import_module(group)
        except ImportError:
            continue
        yield from make()


def _optax() -> Iterator[Case]:
    import optax

    for name in ("sgd", "adam", "adamw", "adagrad", "adabelief", "lamb", "lars", "lion", "novograd",
                 "radam", "rmsprop", "rprop", "sm3", "yogi", "adafactor", "nadam", "amsgrad"):  # fmt: skip
        optimizer = getattr(optax, name)(1e-3)
        state = optimizer.init(PARAMS)
        yield Case("optax", f"{name}.update", optimizer.update, (PARAMS, state, PARAMS))
        yield Case("optax", f"{name}.init", optimizer.init, (PARAMS,))
    losses = optax.losses
    for name in ("squared_error", "l2_loss", "log_cosh", "huber_loss", "cosine_similarity",
                 "cosine_distance", "kl_divergence", "sigmoid_binary_cross_entropy",
                 "softmax_cross_entropy", "sigmoid_focal_loss"):  # fmt: skip
        yield Case("optax", name, getattr(losses, name), (X, Y))
    for name in ("softmax_cross_entropy_with_integer_labels", "multiclass_hinge_loss"):
        yield Case("optax", name, getattr(losses, name), (X, LABELS))
    yield Case("optax", "global_norm", optax.global_norm, (PARAMS,))
    clip = optax.chain(optax.clip_by_global_norm(1.0), optax.scale(-1.0))
    yield Case("optax", "chain", clip.update, (PARAMS, clip.init(PARAMS)))
    schedule = optax.warmup_cosine_decay_schedule(0.0, 1.0, 10, 100)
    yield Case("optax", "schedule", schedule, (jnp.int32(3),))
    yield Case("optax", "incremental_update", optax.incremental_update, (PARAMS, PARAMS, 0.1))


def _equinox() -> Iterator[Case]:
    import equinox as eqx

    mlp = eqx.nn.MLP(6, 3, 8, 2, key=KEY)
    yield Case("equinox", "MLP", mlp, (X[0],))
    yield Case("equinox", "vmap(MLP)", jax.vmap(mlp), (X,))
    for name, module, args in (
        ("Linear", eqx.nn.Linear(6, 3, key=KEY), (X[0],)),
        ("LayerNorm", eqx.nn.LayerNorm(6), (X[0],)),
        ("GRUCell", eqx.nn.GRUCell(6, 3, key=KEY), (X[0], np.zeros(3, np.float32))),
        ("LSTMCell", eqx.nn.LSTMCell(6, 3, key=KEY), (X[0], (jnp.zeros(3), jnp.zeros(3)))),
        ("Conv1d", eqx.nn.Conv1d(4, 2, 3, key=KEY), (X,)),
        ("MultiheadAttention", eqx.nn.MultiheadAttention(2, 6, key=KEY), (X, X, X)),
        ("MaxPool1d", eqx.nn.MaxPool1d(2), (X,)),
        ("Embedding", eqx.nn.Embedding(7, 3, key=KEY), (jnp.int32(2),)),
    ):
        yield Case("equinox", name, module, args)
    dropout = eqx.nn.Dropout(0.5)
    yield Case("equinox", "Dropout", dropout, (X,), {"key": KEY})
    arrays, static = eqx.partition(mlp, eqx.is_array)

    def loss(arrays: Any, x: Any, y: Any) -> Any:
        return jnp.mean((jax.vmap(eqx.combine(arrays, static))(x) - y) ** 2)

    yield Case("equinox", "grad of a loss", jax.grad(loss), (arrays, X, Y[:, :3]))


def _haiku() -> Iterator[Case]:
    import haiku as hk

    for name, forward in (
        ("Linear", lambda x: hk.Linear(3)(x)),
        ("MLP", lambda x: hk.nets.MLP([8, 3])(x)),
        ("LayerNorm", lambda x: hk.LayerNorm(-1, True, True)(x)),
        ("Conv2D", lambda x: hk.Conv2D(2, 3)(x[None, :, :, None])),
        ("LSTM", lambda x: hk.LSTM(3)(x, hk.LSTM(3).initial_state(4))),
        ("attention", lambda x: hk.MultiHeadAttention(2, 3, w_init_scale=1.0)(x, x, x)),
    ):
        module = hk.transform(forward)
        params = module.init(KEY, X)
        yield Case("haiku", f"{name}.apply", module.apply, (params, KEY, X))
        yield Case("haiku", f"{name}.init", module.init, (KEY, X))


def _flax() -> Iterator[Case]:
    import flax.linen as nn

    for name, module in (
        ("Dense", nn.Dense(3)),
        ("LayerNorm", nn.LayerNorm()),
        ("GroupNorm", nn.GroupNorm(2)),
        ("SelfAttention", nn.SelfAttention(2)),
        ("Sequential", nn.Sequential([nn.Dense(8), nn.relu, nn.Dense(2)])),
    ):
        variables = module.init(KEY, X)
        yield Case("flax", f"{name}.apply", module.apply, (variables, X))
        yield Case("flax", f"{name}.init", module.init, (KEY, X))
    batch_norm = nn.BatchNorm(use_running_average=False)
    variables = batch_norm.init(KEY, X)
    apply = functools.partial(batch_norm.apply, mutable=["batch_stats"])
    yield Case("flax", "BatchNorm, mutable", apply, (variables, X))
    conv = nn.Conv(3, (3,))
    yield Case("flax", "Conv.apply", conv.apply, (conv.init(KEY, X[None]), X[None]))
    rnn = nn.RNN(nn.LSTMCell(5))
    yield Case("flax", "RNN.apply", rnn.apply, (rnn.init(KEY, X[None]), X[None]))


def _lineax() -> Iterator[Case]:
    import lineax

    def solve(solver: Any) -> Callable[..., Any]:
        def run(matrix: Any, vector: Any) -> Any:
            operator = lineax.MatrixLinearOperator(matrix)
            return lineax.linear_solve(operator, vector, solver()).value

        return run

    square = X[:, :4] + 3 * np.eye(4, dtype=np.float32)
    for solver in (lineax.LU, lineax.QR, lineax.SVD):
        yield Case("lineax", solver.__name__, solve(solver), (square, Y[:, 0]))


def _diffrax() -> Iterator[Case]:
    import diffrax

    def run(y0: Any) -> Any:
        term = diffrax.ODETerm(lambda t, y, args: -y)
        steps = diffrax.PIDController(rtol=1e-3, atol=1e-3)
        found = diffrax.diffeqsolve(
            term, diffrax.Tsit5(), 0.0, 1.0, 0.1, y0, stepsize_controller=steps
        )
        return found.ys

    yield Case("diffrax", "diffeqsolve", run, (Y[0],))


def _distrax() -> Iterator[Case]:
    import distrax

    yield Case(
        "distrax", "Normal.log_prob", lambda m, x: distrax.Normal(m, 1.0).log_prob(x), (X, Y)
    )
    yield Case("distrax", "Categorical.entropy", lambda x: distrax.Categorical(x).entropy(), (X,))
    yield Case(
        "distrax", "Normal.sample", lambda k: distrax.Normal(0.0, 1.0).sample(seed=k), (KEY,)
    )


def _numpyro() -> Iterator[Case]:
    import numpyro.distributions as dist

    for name in ("Normal", "Laplace", "Cauchy", "Gumbel", "Logistic"):
        make = getattr(dist, name)
        yield Case(
            "numpyro", f"{name}.log_prob", lambda m, x, make=make: make(m, 1.0).log_prob(x), (X, Y)
        )


def _blackjax() -> Iterator[Case]:
    import blackjax

    def density(x: Any) -> Any:
        return -jnp.sum(x**2)

    hmc = blackjax.hmc(density, 1e-2, jnp.ones(6), 3)
    state = hmc.init(jnp.asarray(X[0]))
    yield Case("blackjax", "hmc.step", hmc.step, (KEY, state))


def _jax() -> Iterator[Case]:
    static = {"static_argnames": ("axis",)}
    yield Case("jax", "softmax", jax.nn.softmax, (X,), {"axis": 0}, static)
    yield Case("jax", "logsumexp", jax.nn.logsumexp, (X,))
    yield Case("jax", "relu, jitted already", jax.nn.relu, (X,))
    yield Case("jax", "gelu", functools.partial(jax.nn.gelu, approximate=False), (X,))
    yield Case("jax", "donated", lambda x, y: x + y, (X, Y), {}, {"donate_argnums": (0,)})
    yield Case("jax", "unused", lambda x, y: x, (X, Y))
    yield Case("jax", "no arguments", lambda: jnp.arange(3), ())
    yield Case("jax", "None leaf", lambda x, y: (x, y), (X, None))
    yield Case("jax", "empty", lambda x: x * 2, (np.zeros((0, 3), np.float32),))
    yield Case("jax", "key", lambda k: jax.random.normal(k, (3,)), (KEY,))
    yield Case("jax", "f8", lambda x: x.astype(jnp.float32) * 2, (jnp.ones(4, jnp.float8_e4m3fn),))
    yield Case("jax", "int4", lambda x: x + x, (jnp.ones(4, jnp.int4),))
    yield Case("jax", "bound method", _Scaled(3.0).times, (X,))
    yield Case("jax", "callable object", _Scaled(3.0), (X,))
    yield Case("jax", "callback", lambda x: jax.pure_callback(np.sin, x, x), (X,))
    yield Case("jax", "debug print", _prints, (X,))
    yield Case("jax", "custom_vjp", _doubled, (X,))
    yield Case("jax", "minimize", _minimum, (Y[0],))
    square = X[:, :4] + 3 * np.eye(4, dtype=np.float32)
    for name in ("cholesky", "qr", "svd", "eigh", "inv", "det", "slogdet"):
        yield Case("jax", f"linalg.{name}", getattr(jnp.linalg, name), (square @ square.T,))
    yield Case("jax", "pallas, interpreted", _pallas, (X,))


def _prints(x: Any) -> Any:
    jax.debug.print("sum {}", x.sum())
    return x * 2


class _Scaled:
    def __init__(self, scale: float):
        self.scale = scale

    def times(self, x: Any) -> Any:
        return x * self.scale

    __call__ = times


@jax.custom_vjp
def _doubled(x: Any) -> Any:
    return 2 * x


_doubled.defvjp(lambda x: (2 * x, None), lambda _, g: (2 * g,))


def _minimum(x: Any) -> Any:
    from jax.scipy.optimize import minimize

    return minimize(lambda v: jnp.sum((v - 1) ** 2), x, method="BFGS").x


def _pallas(x: Any) -> Any:
    from jax.experimental import pallas as pl

    def kernel(source: Any, target: Any) -> None:
        target[...] = source[...] * 2

    return pl.pallas_call(kernel, out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype), interpret=True)(
        x
    )


_LIBRARIES = {
    "jax": _jax,
    "optax": _optax,
    "equinox": _equinox,
    "haiku": _haiku,
    "flax": _flax,
    "lineax": _lineax,
    "diffrax": _diffrax,
    "distrax": _distrax,
    "numpyro": _numpyro,
    "blackjax": _blackjax,
}
