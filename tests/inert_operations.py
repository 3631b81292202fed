"""Which operations of a function are inert, by JAX alone: what src/check/relevance.h says is held against it."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

CALLS = {"jit": "jaxpr", "checkpoint": "jaxpr", "remat2": "jaxpr", "closed_call": "call_jaxpr"}
CALLS |= {"custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr"}
MOST_TURNS = 10_000
BODIES = {"scan": "jaxpr", "while": "body_jaxpr", "cond": "branches"}


def disturbed(x):
    if x.dtype == bool:
        return ~x
    if jnp.issubdtype(x.dtype, jnp.integer):
        return x + jnp.ones((), x.dtype)
    if jnp.issubdtype(x.dtype, jnp.inexact):
        return x * jnp.asarray(1.1, x.dtype) + jnp.asarray(0.05, x.dtype)
    return x


def bounded(parameters, operands):
    """A while loop that counts its turns, in front of what it carries, and ends after the last of
    them: where its own counter is disturbed it may never end."""
    cond, body = (core.jaxpr_as_fun(parameters[name]) for name in ("cond_jaxpr", "body_jaxpr"))
    of_cond, of_body = parameters["cond_nconsts"], parameters["body_nconsts"]
    turns = jnp.zeros(parameters["cond_jaxpr"].out_avals[0].shape, jnp.int32)

    def goes_on(*values):
        carry = values[of_cond + 1 :]
        return cond(*values[:of_cond], *carry)[0] & (values[of_cond] < MOST_TURNS)

    def turn(*values):
        return [values[of_body] + 1, *body(*values[:of_body], *values[of_body + 1 :])]

    constants, carry = operands[: of_cond + of_body], operands[of_cond + of_body :]
    whole = {
        "cond_jaxpr": jax.make_jaxpr(goes_on)(*constants[:of_cond], turns, *carry),
        "body_jaxpr": jax.make_jaxpr(turn)(*constants[of_cond:], turns, *carry),
    }
    return parameters | whole, [*constants, turns, *carry]


class Run:
    """Evaluates a jaxpr with the results of operation number `target` disturbed. Operations count in the order
    in which they are come by, those of loops' bodies once."""

    def __init__(self, target=None):
        self.target, self.count = target, 0

    def within(self, closed):
        def body(*arguments):
            return self(closed.jaxpr, closed.consts, arguments)

        return jax.make_jaxpr(body)(*closed.in_avals)

    def __call__(self, jaxpr, constants, arguments):
        values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*constants, *arguments], strict=True))

        def value(atom):
            return atom.val if isinstance(atom, core.Literal) else values[atom]

        for equation in jaxpr.eqns:
            results = self.results(equation, [value(atom) for atom in equation.invars])
            values.update(zip(equation.outvars, results, strict=True))
        return [value(atom) for atom in jaxpr.outvars]

    def results(self, equation, operands):
        name, parameters = equation.primitive.name, dict(equation.params)
        if name in CALLS:
            inner = parameters[CALLS[name]]
            if isinstance(inner, core.ClosedJaxpr):
                return self(inner.jaxpr, inner.consts, operands)
            return self(inner, (), operands)
        if name in BODIES:
            inner = parameters[BODIES[name]]
            several = isinstance(inner, tuple)
            parameters[BODIES[name]] = (
                tuple(map(self.within, inner)) if several else self.within(inner)
            )
        if name == "while":
            parameters, operands = bounded(parameters, operands)
        results = equation.primitive.bind(
            *operands, **equation.primitive.get_bind_params(parameters)
        )
        results = list(results) if equation.primitive.multiple_results else [results]
        results = results[name == "while" :]
        self.count += 1
        return list(map(disturbed, results)) if self.count - 1 == self.target else results


def moves(expected, found):
    expected, found = np.asarray(expected), np.asarray(found)
    if expected.dtype.kind in "biu":
        return not np.array_equal(expected, found)
    tolerance = 2e-2 if expected.dtype.itemsize == 2 else 1e-3
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    expected, found = expected.astype(wide), found.astype(wide)
    allowed = tolerance * np.maximum(np.abs(expected), 1e-3)
    return bool((np.abs(expected - found) > allowed).any()) or not np.isfinite(found).all()


def inert_operations(function, arguments):
    """How many operations it has, and the numbers of those that are inert."""
    closed = jax.make_jaxpr(function)(*arguments)
    leaves = jax.tree.leaves(arguments)
    plain = Run()
    expected = plain(closed.jaxpr, closed.consts, leaves)
    inert = []
    for target in range(plain.count):
        results = Run(target)(closed.jaxpr, closed.consts, leaves)
        if not any(map(moves, expected, results)):
            inert.append(target)
    return plain.count, inert
