"""Functions of many kinds that both routes of the worker must agree on, and inputs for them."""

import re
import textwrap
from dataclasses import dataclass

import numpy as np
from jaxsmith.base import arrays

HEADER = "import jax\nimport jax.numpy as jnp\nimport numpy as np\nfrom jax import lax\n\n"


@dataclass(frozen=True)
class Sample:
    name: str
    source: str
    arguments: tuple[str, ...]
    x64: bool = False
    devices: int = 1

    def request(self, seed: int = 0) -> dict:
        """The function as the protocol carries it."""
        return {
            "source": self.source,
            "entry": "f",
            "x64": self.x64,
            "devices": self.devices,
            "inputs": [
                [
                    arrays.encode(array(spec, 100 * seed + 10 * case + i, case))
                    for i, spec in enumerate(self.arguments)
                ]
                for case in range(3)
            ],
            "cases": [1, 2],
        }


def array(spec: str, seed: int, case: int = 0) -> np.ndarray:
    """An array for "f32[2,3]": moderate values, and for "=…" of the same values whatever the
    case."""
    fixed = spec.startswith("=")
    dtype, dims = re.fullmatch(r"=?(\w+)\[(.*)\]", spec).groups()
    shape = tuple(int(d) for d in dims.split(",") if d)
    rng = np.random.default_rng(seed - 10 * case if fixed else seed)
    numpy_dtype = arrays.DTYPES[dtype]
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype[0] in "iu":
        return np.asarray(rng.integers(0, 4, shape)).astype(numpy_dtype)
    values = rng.uniform(-1.5, 1.5, shape)
    if dtype[0] == "c":
        values = values + 1j * rng.uniform(-1.5, 1.5, shape)
    return np.asarray(values).astype(numpy_dtype)


def sample(name: str, arguments: str, body: str, **options) -> Sample:
    """`body` is a module where it defines f, else the body of `def f(a, b, …)`."""
    body = textwrap.dedent(body).strip("\n")
    if not re.search(r"^(def f\(|f = )", body, re.MULTILINE):
        count = len(arguments.split())
        body = f"def f({', '.join('abcd'[:count])}):\n" + textwrap.indent(body, "    ")
    return Sample(name, HEADER + body + "\n", tuple(arguments.split()), **options)


SAMPLES = [
    sample("arithmetic", "f32[3,4] f32[3,4]", "return a * 2.5 - b / (jnp.abs(a) + 1), a // 2"),
    sample("scalar", "f32[] f32[]", "return a * b + 1"),
    sample("empty", "f32[0,3] f32[3]", "return a + b, jnp.sum(a) + b[0]"),
    sample("no_arguments", "", "return jnp.arange(5.0) * 2"),
    sample("identity", "f32[3]", "return a"),
    sample("repeated_result", "f32[3]", "b = a + 1\nreturn b, b, a"),
    sample("unused", "f32[3] f32[2]", "return a + 1"),
    sample("shape_only", "f32[3] f32[2]", "return a + b.shape[0], jnp.zeros_like(b)"),
    sample("nested_results", "f32[3]", "return {'u': (a, [a + 1]), 'v': a * 2, 'w': None}"),
    sample("math", "f32[5,3]", "return jnp.tanh(a) + jnp.log1p(a * a) * jnp.arctan2(a, a + 2)"),
    sample(
        "special", "f32[7]", "b = jnp.abs(a) + 1\nreturn jax.scipy.special.gammaln(b), lax.erf(a)"
    ),
    sample("softmax", "f32[4,6]", "return jax.nn.softmax(a, axis=-1), jax.nn.logsumexp(a, axis=0)"),
    sample("gelu_relu", "f32[4,6]", "return jax.nn.gelu(a) + jax.nn.relu(a) + jax.nn.silu(a)"),
    sample(
        "rearranged", "f32[2,3,4]", "return jnp.flip(a.transpose(2, 0, 1), 1).reshape(4, -1)[::2]"
    ),
    sample(
        "joined", "f32[2,3] f32[2,3]", "return jnp.concatenate([a, b], 1), jnp.stack([a, b], 2)"
    ),
    sample(
        "padded", "f32[3,4]", "return jnp.roll(jnp.pad(a, ((1, 0), (0, 2))), 1, 0), jnp.tile(a, 2)"
    ),
    sample("split", "f32[6,2]", "u, v, w = jnp.split(a, 3)\nreturn u + v * w"),
    sample("narrow_types", "f32[4,3]", "return a.astype(jnp.float8_e4m3fn), a.astype(jnp.int4)"),
    sample("matmul", "f32[5,7] f32[7,3]", "return a @ b"),
    sample("einsum", "f32[2,3,4] f32[2,4,5]", "return jnp.einsum('bij,bjk->bk', a, b)"),
    sample(
        "convolution",
        "f32[1,2,8,8] f32[3,2,3,3]",
        "return lax.conv_general_dilated(a, b, (1, 1), 'SAME')",
    ),
    sample("solve", "f32[4,4] f32[4,2]", "return jnp.linalg.solve(a @ a.T + 3 * jnp.eye(4), b)"),
    sample("cholesky", "f32[4,4]", "return jnp.linalg.cholesky(a @ a.T + 2 * jnp.eye(4))"),
    sample(
        "factors",
        "f32[5,3]",
        """
        q, r = jnp.linalg.qr(a)
        return jnp.abs(r), jnp.linalg.svd(a, compute_uv=False), jnp.linalg.norm(q)
    """,
    ),
    sample("eigenvalues", "f32[4,4]", "return jnp.linalg.eigh(a + a.T)[0], jnp.linalg.det(a)"),
    sample(
        "inverse", "f32[3,3]", "return jnp.linalg.inv(a + 4 * jnp.eye(3)), jnp.linalg.slogdet(a)[0]"
    ),
    sample(
        "triangular",
        "f32[4,4] f32[4,2]",
        """
        return jax.scipy.linalg.solve_triangular(jnp.tril(a) + 4 * jnp.eye(4), b, lower=True)
    """,
    ),
    sample(
        "reductions",
        "f32[4,5]",
        "return a.sum(0), a.max(1), a.prod(), a.std(), a.argmax(1), a.var(0)",
    ),
    sample("masked_sum", "f32[4,5] bool[4,5]", "return jnp.sum(a, where=b, axis=1, keepdims=True)"),
    sample(
        "cumulative",
        "f32[4,5]",
        "return jnp.cumsum(a, 1), jnp.cumprod(a, 0), lax.cummax(a, axis=1)",
    ),
    sample(
        "sorted", "f32[4,9]", "return jnp.sort(a, axis=1), jnp.argsort(a, axis=0), lax.top_k(a, 3)"
    ),
    sample("median", "f32[9]", "return jnp.median(a), jnp.quantile(a, 0.3)"),
    sample("gathered", "f32[6,3] i32[4]", "return a[b], jnp.take(a, b, axis=0)[:, ::-1]"),
    sample("along_axis", "f32[4,5] i32[4,2]", "return jnp.take_along_axis(a, b, axis=1)"),
    sample(
        "scattered", "f32[6] i32[4]", "return a.at[b].add(1.5), a.at[b].max(0.5), a.at[1:3].set(0)"
    ),
    sample(
        "dynamic_slices",
        "f32[8,3] i32[]",
        """
        part = lax.dynamic_slice(a, (b, 0), (2, 3))
        return lax.dynamic_update_slice(a, part * 2, (0, 0))
    """,
    ),
    sample(
        "where", "f32[4] f32[4]", "return jnp.where(a > b, a, b * 2), jnp.select([a > 0], [a], b)"
    ),
    sample(
        "cond", "f32[] f32[4]", "return lax.cond(a > 0, lambda x: jnp.sin(x), lambda x: x * a, b)"
    ),
    sample(
        "switch",
        "i32[] f32[3]",
        """
        return lax.switch(a % 3, [jnp.sin, jnp.cos, lambda x: x @ x * x], b)
    """,
    ),
    sample(
        "scan",
        "f32[3] f32[5,3]",
        """
        def step(carry, row):
            carry = jnp.tanh(carry * row + 0.5)
            return carry, carry.sum()

        return lax.scan(step, a, b)
    """,
    ),
    sample(
        "while",
        "f32[3]",
        """
        return lax.while_loop(lambda s: s[0] < 6, lambda s: (s[0] + 1, s[1] * 0.5 + 1), (0, a))
    """,
    ),
    sample(
        "fori", "f32[4,4]", "return lax.fori_loop(0, 4, lambda i, c: c.at[i].multiply(0.5) + i, a)"
    ),
    sample(
        "nested_loops",
        "f32[4]",
        """
        def outer(i, x):
            return lax.fori_loop(0, i + 1, lambda j, y: y * 0.9 + j, x)

        return lax.fori_loop(0, 3, outer, a)
    """,
    ),
    sample("mapped", "f32[5,3]", "return lax.map(lambda row: row / (1 + row @ row), a)"),
    # XLA would name instructions after `per_row` if locations held tracebacks.
    sample(
        "mapped_argmin",
        "f32[5,4,3]",
        """
        def f(a):
            def per_row(x):
                return jnp.argmin(x, axis=-2) & 6

            return lax.map(per_row, a)
    """,
    ),
    sample("associative", "f32[9,2]", "return lax.associative_scan(jnp.add, a, reverse=True)"),
    sample(
        "gradient",
        "f32[4,3] f32[4]",
        """
        def loss(w, x):
            return jnp.mean(jnp.square(jnp.tanh(x @ w) - 1))

        f = lambda w, x: jax.value_and_grad(loss)(w, x)
    """,
    ),
    sample(
        "gradient_of_scan",
        "f32[3] f32[4,3]",
        """
        def loss(start, rows):
            end, _ = lax.scan(lambda c, r: (jnp.sin(c * r), None), start, rows)
            return end.sum()

        def f(start, rows):
            return jax.grad(loss, argnums=(0, 1))(start, rows)
    """,
    ),
    sample("hessian", "f32[3]", "return jax.hessian(lambda x: jnp.sum(jnp.exp(x) * x[::-1]))(a)"),
    sample("jacobians", "f32[3]", "return jax.jacfwd(jnp.cumsum)(a), jax.jacrev(jnp.sin)(a)"),
    sample(
        "products",
        "f32[3] f32[3]",
        """
        value, pull = jax.vjp(lambda x: jnp.exp(x) * x, a)
        return jax.jvp(jnp.tanh, (a,), (b,)), pull(value)
    """,
    ),
    sample(
        "vmapped",
        "f32[4,3] f32[5,3]",
        """
        @jax.vmap
        def pairs(x):
            return x @ x

        def f(a, b):
            inner = jax.vmap(lambda x, y: jnp.dot(x, y), in_axes=(None, 0))
            return jax.vmap(inner, in_axes=(0, None), out_axes=1)(a, b), pairs(a)
    """,
    ),
    sample(
        "custom_jvp",
        "f32[4]",
        """
        @jax.custom_jvp
        def clipped(x):
            return jnp.minimum(x, 1.0)

        @clipped.defjvp
        def clipped_jvp(primals, tangents):
            return clipped(primals[0]), tangents[0] * 0.5

        def f(x):
            return clipped(x), jax.jvp(clipped, (x,), (x,))
    """,
    ),
    sample(
        "checkpointed",
        "f32[4]",
        "return jax.grad(jax.checkpoint(lambda x: jnp.sin(x * x).sum()))(a)",
    ),
    sample(
        "inner_jits",
        "f32[4]",
        """
        @jax.jit
        def half(x):
            return x * 0.5

        def f(a):
            return half(half(a)) + half(a[:2]).sum()
    """,
    ),
    sample("entry_is_jitted", "f32[4]", "@jax.jit\ndef f(a):\n    return a * 2\n"),
    sample(
        "random",
        "f32[4,3]",
        """
        key = jax.random.key(7)
        noise = jax.random.normal(key, a.shape)
        return a + noise, jax.random.permutation(key, 5), jax.random.bernoulli(key, 0.3, (4,))
    """,
    ),
    sample(
        "captured_constants",
        "f32[300]",
        """
        TABLE = np.linspace(0, 1, 300, dtype=np.float32)
        WEIGHTS = jnp.asarray([[1.5, -2.0], [0.25, 3.0]])

        def f(x):
            return x * TABLE + WEIGHTS.sum(), WEIGHTS
    """,
    ),
    sample(
        "long_constant", "f32[4]", "return a[0] + np.arange(4000, dtype=np.float32).reshape(40, -1)"
    ),
    sample("fft", "f32[4,16]", "return jnp.abs(jnp.fft.fft(a)), jnp.fft.irfft(jnp.fft.rfft(a))"),
    sample(
        "complex", "c64[3,4]", "return a * jnp.conj(a), jnp.angle(a), a.real @ a.imag.T, jnp.exp(a)"
    ),
    sample("half", "f16[4,5]", "return jnp.exp(a) + a.sum(1, keepdims=True), a @ a.T"),
    sample("bfloat", "bf16[4,5]", "return jax.nn.softmax(a), a @ a.T, a.astype(jnp.float32)"),
    sample(
        "integers",
        "i32[6] i8[6]",
        "return a // 3 - a % 3, (b * 3) >> 1, a ^ b, jnp.bitwise_count(a)",
    ),
    sample("unsigned", "u8[6] u32[6]", "return a + 250, b << 3, a.astype(jnp.int32) - 9, ~b"),
    sample(
        "booleans", "bool[4,3] bool[4,3]", "return a & ~b, jnp.any(a, 1), jnp.all(a | b), a.sum()"
    ),
    sample(
        "quantised",
        "f32[8]",
        "b = jnp.clip(jnp.round(a * 50), -128, 127).astype(jnp.int8)\nreturn b * 2",
    ),
    sample(
        "wide",
        "f64[4,3] i64[4]",
        "return jnp.linalg.norm(a, axis=1) * b, a.sum(), b.cumsum()",
        x64=True,
    ),
    sample(
        "wide_scan",
        "f64[3]",
        "return lax.scan(lambda c, i: (c * 0.5 + i, c), a, jnp.arange(4))",
        x64=True,
    ),
    sample("wide_complex", "c128[3]", "return jnp.fft.fft(a), jnp.abs(a)", x64=True),
    sample(
        "x64_on_f32",
        "f32[5] i32[5]",
        "return jnp.sort(a), jnp.argmax(a), b.sum(), a.mean()",
        x64=True,
    ),
    sample(
        "interpolated",
        "f32[7]",
        "x = jnp.sort(a)\nreturn jnp.interp(x, jnp.linspace(-1, 1, 5), jnp.ones(5) * 2)",
    ),
    sample(
        "polynomial",
        "f32[4] f32[3]",
        "return jnp.polyval(a, b), jnp.convolve(a, b), jnp.outer(a, b)",
    ),
    sample(
        "windows",
        "f32[1,8,8,1]",
        "return jax.nn.avg_pool(a, (2, 2), (2, 2)) if hasattr(jax.nn, 'avg_pool')"
        " else lax.reduce_window(a, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID')",
    ),
    sample(
        "searched",
        "f32[9] f32[4]",
        "return jnp.searchsorted(jnp.sort(a), b), jnp.digitize(b, jnp.sort(a))",
    ),
    sample("segments", "f32[6]", "return jax.ops.segment_sum(a, np.array([0, 0, 1, 2, 2, 2]), 3)"),
    sample("one_hot", "i32[5]", "return jax.nn.one_hot(a, 4), jnp.bincount(a, length=5)"),
    sample(
        "sharded",
        "f32[8,3]",
        """
        from jax.sharding import PartitionSpec as P

        mesh = jax.make_mesh((4,), ("i",), axis_types=(jax.sharding.AxisType.Auto,))

        @jax.shard_map(mesh=mesh, in_specs=P("i"), out_specs=P())
        def total(rows):
            return lax.psum(rows.sum(0), "i")

        def f(a):
            return total(a) * 2
    """,
        devices=4,
    ),
    sample(
        "sharded_by_two",
        "f32[4,3] f32[4,3]",
        """
        from jax.sharding import PartitionSpec as P

        mesh = jax.make_mesh((2,), ("rows",), axis_types=(jax.sharding.AxisType.Auto,))

        def shifted(x, y):
            return x + lax.ppermute(y, "rows", [(0, 1), (1, 0)])

        def f(a, b):
            return jax.shard_map(shifted, mesh=mesh, in_specs=P("rows"), out_specs=P("rows"))(a, b)
    """,
        devices=2,
    ),
    sample(
        "pmapped",
        "f32[4,3]",
        "return jax.pmap(lambda x: x - lax.pmean(x, 'i'), axis_name='i')(a)",
        devices=4,
    ),
]
