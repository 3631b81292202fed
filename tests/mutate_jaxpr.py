"""Changes of a closed jaxpr at one equation, at any depth."""

import enum
import random
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core
from jax.extend.core import primitives
from mutate_words import Change, Kind, other, other_float, other_integer

_ALIKE = [
    ("add sub mul div max min rem atan2", Kind.OPERATION),
    ("pow atan2", Kind.OPERATION),
    ("sin cos tan tanh exp exp2 expm1 log log1p sqrt rsqrt cbrt logistic", Kind.OPERATION),
    ("asin acos atan sinh cosh asinh erf erfc neg abs sign square", Kind.OPERATION),
    ("floor ceil", Kind.OPERATION),
    ("and or xor", Kind.OPERATION),
    ("shift_left shift_right_logical shift_right_arithmetic", Kind.OPERATION),
    ("eq ne lt le gt ge", Kind.DIRECTION),
    ("lt_to le_to", Kind.DIRECTION),
    ("reduce_sum reduce_prod", Kind.REDUCTION),
    ("reduce_max reduce_min", Kind.REDUCTION),
    ("reduce_and reduce_or reduce_xor", Kind.REDUCTION),
    ("argmax argmin", Kind.REDUCTION),
    ("cumsum cumprod cummax cummin cumlogsumexp", Kind.REDUCTION),
    ("reduce_window_max reduce_window_min reduce_window_sum", Kind.REDUCTION),
    ("not population_count clz neg abs sign", Kind.OPERATION),
]
_COMMUTATIVE = {"add", "add_any", "mul", "max", "min", "and", "or", "xor", "eq", "ne"}
# Promises, remarks, what only JAX's transformations read, and how many variables mean what.
_KEPT_PARAMETERS = {
    "accuracy", "precision", "preferred_element_type", "out_dtype", "sharding", "out_sharding",
    "indices_are_sorted", "unique_indices", "name", "donated_invars", "inline", "ctx_mesh",
    "keep_unused", "in_shardings", "out_shardings", "in_layouts", "out_layouts", "linear",
    "compiler_options_kvs", "jvp_jaxpr_fun", "num_consts", "num_carry", "unroll", "is_stable",
    "_split_transpose", "symbolic_zeros", "weak_type", "exact", "effects", "debug", "policy",
    "prevent_cse", "differentiated", "cond_nconsts", "body_nconsts", "const_lengths", "call_name",
    "index_dtype", "sharding_rule", "fill_value", "update_consts", "algorithm", "axis_name",
    "axes_index_groups", "num_keys", "feature_group_count", "batch_group_count", "implementation",
    "transpose_solve",
}  # fmt: skip


_PRIMITIVES = {p.name: p for p in vars(primitives).values() if isinstance(p, core.Primitive)}


class Mutator:
    def __init__(self, closed: Any, rng: random.Random):
        self.closed, self.rng = closed, rng

    def changes(self) -> Iterator[Change]:
        yield from self._within(self.closed.jaxpr, self._closed, "")

    def _closed(self, jaxpr: Any) -> Any:
        return self.closed.replace(jaxpr=jaxpr)

    def _within(self, jaxpr: Any, whole: Callable[[Any], Any], role: str) -> Iterator[Change]:
        """Changes of a jaxpr; `whole` makes the whole program of the changed one."""
        scope: list[Any] = [*jaxpr.constvars, *jaxpr.invars]
        for number, equation in enumerate(jaxpr.eqns):

            def with_equations(*new: Any, number: int = number) -> Any:
                equations = [*jaxpr.eqns[:number], *new, *jaxpr.eqns[number + 1 :]]
                return whole(jaxpr.replace(eqns=equations))

            yield from self._of_operands(equation, scope, with_equations, role)
            yield from self._of_itself(equation, with_equations)
            yield from self._of_parameters(equation, with_equations)
            yield from self._inner(equation, with_equations)
            yield from self._dropped(jaxpr, number, whole)
            scope += equation.outvars

    def _of_operands(
        self, equation: Any, scope: list[Any], put: Callable, role: str
    ) -> Iterator[Change]:
        operands, name = list(equation.invars), equation.primitive.name

        def changed(kind: str, new: list[Any]) -> Change:
            return Change(kind, name, lambda: put(equation.replace(invars=new)))

        for i, x in enumerate(operands):
            rest = operands[i + 1 :]
            for j, y in enumerate(rest, i + 1):
                if x.aval == y.aval and x is not y and name not in _COMMUTATIVE:
                    turned = list(operands)
                    turned[i], turned[j] = y, x
                    yield changed(Kind.SWAPPED, turned)
            if isinstance(x, core.Literal):
                kind = Kind.TRIPS if role == "cond_jaxpr" else Kind.CONSTANT
                if (literal := self._literal(x)) is not None:
                    yield changed(kind, [*operands[:i], literal, *rest])
                continue
            seen = [v for v in scope if v.aval == x.aval and v not in operands]
            if seen:
                yield changed(Kind.OPERAND, [*operands[:i], self.rng.choice(seen), *rest])

    def _literal(self, literal: Any) -> Any:
        dtype = literal.aval.dtype
        value = np.asarray(literal.val).item()
        if dtype == np.bool_:
            new: Any = not value
        elif jnp.issubdtype(dtype, np.integer):
            new = other_integer(value, self.rng)
            if not jnp.iinfo(dtype).min <= new <= jnp.iinfo(dtype).max:
                return None
        elif jnp.issubdtype(dtype, np.floating):
            new = other_float(value, self.rng)
        else:
            return None
        kind = type(literal.val)
        plain = kind in (bool, int, float, complex)
        return core.Literal(kind(new) if plain else np.asarray(new, dtype)[()], literal.aval)

    def _of_itself(self, equation: Any, put: Callable) -> Iterator[Change]:
        name = equation.primitive.name
        for words, kind in _ALIKE:
            names = words.split()
            if name in names:
                new = _PRIMITIVES[other(names, name, self.rng)]
                parameters = _parameters_of(new.name, equation)
                yield Change(
                    kind,
                    name,
                    lambda n=new, p=parameters: put(equation.replace(primitive=n, params=p)),
                )
        if name == "convert_element_type" and equation.invars[0].aval.dtype != jax.float0:
            to = equation.params["new_dtype"]
            ways = [np.dtype(w) for w in ("int8", "float16", "int32", "uint8")]
            way = other(ways, np.dtype(to), self.rng)
            aval = equation.outvars[0].aval.update(dtype=way, weak_type=False)
            between = core.Var(aval)
            first = equation.replace(
                outvars=[between], params={**equation.params, "new_dtype": way, "weak_type": False}
            )
            second = equation.replace(invars=[between])
            yield Change(Kind.CONVERTED, name, lambda: put(first, second))

    def _of_parameters(self, equation: Any, put: Callable) -> Iterator[Change]:
        p, name = equation.params, equation.primitive.name

        def changed(kind: str, **new: Any) -> Change:
            return Change(kind, name, lambda: put(equation.replace(params={**p, **new})))

        for key, value in p.items():
            if key == "length":
                # Arrays that are gone through have as many rows.
                carried = p["num_consts"] + p["num_carry"]
                if len(equation.invars) == carried and len(equation.outvars) == p["num_carry"]:
                    yield changed(Kind.TRIPS, length=max(other_integer(value, self.rng), 0))
            elif key == "branches" and len(value) > 1:
                yield changed(Kind.BRANCHES, branches=(value[1], value[0], *value[2:]))
            elif key not in _KEPT_PARAMETERS and not _holds_jaxpr(value):
                new = self._other_value(value)
                if new is not None:
                    yield changed(Kind.ATTRIBUTE, **{key: new})
        if name == "slice":
            i, step = self.rng.randrange(len(p["start_indices"])), self.rng.choice([-1, 1])
            moved = {k: _plus(p[k], i, step) for k in ("start_indices", "limit_indices")}
            if min(moved["start_indices"]) >= 0:
                yield changed(Kind.ATTRIBUTE, **moved)

    def _other_value(self, value: Any) -> Any:
        """Another value of a parameter; None where there is none to draw."""
        rng = self.rng
        if isinstance(value, bool):
            return not value
        if isinstance(value, enum.Enum):
            members = [m for m in type(value) if m != value]
            promise = lax.GatherScatterMode.PROMISE_IN_BOUNDS
            members = [m for m in members if m != promise and m.name != "ONE_HOT"]
            return rng.choice(members) if members else None
        if isinstance(value, int):
            return other_integer(value, rng)
        if isinstance(value, float):
            return other_float(value, rng)
        if isinstance(value, tuple) and value:
            if len(value) > 1 and rng.random() < 0.4 and all(isinstance(v, int) for v in value):
                i = rng.randrange(len(value) - 1)
                turned = list(value)
                turned[i], turned[i + 1] = turned[i + 1], turned[i]
                return tuple(turned) if tuple(turned) != value else None
            i = rng.randrange(len(value))
            new = self._other_value(value[i])
            if new is None:
                return None
            parts = [*value[:i], new, *value[i + 1 :]]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return None

    def _inner(self, equation: Any, put: Callable) -> Iterator[Change]:
        for key, value in equation.params.items():
            for i, inner in enumerate(value if isinstance(value, tuple) else (value,)):
                closed = isinstance(inner, core.ClosedJaxpr)
                if not closed and not isinstance(inner, core.Jaxpr):
                    continue
                if key in ("jvp_jaxpr", "fwd_jaxpr_thunk"):  # not executed
                    continue

                def whole(
                    jaxpr: Any, key: str = key, value: Any = value, i: int = i, inner: Any = inner
                ) -> Any:
                    new = jaxpr
                    if isinstance(inner, core.ClosedJaxpr):
                        new = inner.replace(jaxpr=jaxpr)
                    if isinstance(value, tuple):
                        new = (*value[:i], new, *value[i + 1 :])
                    return put(equation.replace(params={**equation.params, key: new}))

                body = inner.jaxpr if closed else inner
                yield from self._within(body, whole, key)
                if key == "body_jaxpr" or (key == "jaxpr" and equation.primitive.name == "scan"):
                    yield from self._not_carried(equation, body, whole)

    def _not_carried(self, equation: Any, body: Any, whole: Callable) -> Iterator[Change]:
        """A loop's body gives one of its values back as it came."""
        p = equation.params
        first = p.get("num_consts", p.get("body_nconsts"))
        for i in range(p.get("num_carry", len(body.outvars))):
            came, new = body.invars[first + i], body.outvars[i]
            if came is not new and came.aval == new.aval:
                outvars = [*body.outvars[:i], came, *body.outvars[i + 1 :]]
                yield Change(
                    Kind.CARRIED,
                    equation.primitive.name,
                    lambda o=outvars: whole(body.replace(outvars=o)),
                )

    def _dropped(self, jaxpr: Any, number: int, whole: Callable) -> Iterator[Change]:
        """What uses an equation's result uses its first operand of the same type instead."""
        equation = jaxpr.eqns[number]
        if len(equation.outvars) != 1 or equation.primitive.name in (
            "copy",
            "convert_element_type",
        ):
            return
        result = equation.outvars[0]
        same = [x for x in equation.invars if x.aval == result.aval]
        if not same:
            return
        kept = same[0]

        def renamed(variables: Any) -> list[Any]:
            return [kept if v is result else v for v in variables]

        def make() -> Any:
            equations = [*jaxpr.eqns[:number]]
            equations += [e.replace(invars=renamed(e.invars)) for e in jaxpr.eqns[number + 1 :]]
            return whole(jaxpr.replace(eqns=equations, outvars=renamed(jaxpr.outvars)))

        yield Change(Kind.DROPPED, equation.primitive.name, make)


def _holds_jaxpr(value: Any) -> bool:
    kinds = (core.Jaxpr, core.ClosedJaxpr)
    return any(isinstance(v, kinds) for v in (value if isinstance(value, tuple) else (value,)))


def _plus(values: tuple[int, ...], at: int, step: int) -> tuple[int, ...]:
    return (*values[:at], values[at] + step, *values[at + 1 :])


def _parameters_of(name: str, equation: Any) -> dict[str, Any]:
    """Parameters that another primitive of the group takes."""
    p = dict(equation.params)
    for key, names in (
        ("accuracy", "sin cos tan tanh exp exp2 expm1 log log1p sqrt rsqrt cbrt logistic"),
        ("out_dtype", "mul"),
        ("out_sharding", "reduce_sum"),
    ):
        p.pop(key, None)
        if name in names.split():
            p[key] = None
    return p
