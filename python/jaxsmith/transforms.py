"""Transformations of a function before it is extracted, composed in the order they are given.

A transformation is written as `grad`, or with JAX's own keywords as `vmap(in_axes=(0, None))`. The
arguments of an extraction are those of the transformed function; what `jvp` and `vjp` need
besides, tangents and cotangents, is added behind them.
"""

import ast
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from jaxsmith.errors import JaxsmithError

# What a caller may give: a name, or any function that takes a function.
Transform = str | Callable[[Callable], Callable]

_OPTIONS = {
    "grad": ("argnums", "has_aux", "holomorphic", "allow_int"),
    "value_and_grad": ("argnums", "has_aux", "holomorphic", "allow_int"),
    "vmap": ("in_axes", "out_axes", "axis_name", "axis_size"),
    "jvp": (),
    "vjp": (),
    "jacfwd": ("argnums", "has_aux", "holomorphic"),
    "jacrev": ("argnums", "has_aux", "holomorphic", "allow_int"),
    "hessian": ("argnums", "has_aux", "holomorphic"),
    "checkpoint": ("prevent_cse", "static_argnums"),
}


@dataclass(frozen=True)
class Step:
    """One transformation: a name of `_OPTIONS` with its keywords, or a function."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    function: Callable[[Callable], Callable] | None = None


def parse(transform: Transform) -> Step:
    """`"vmap(in_axes=(0, None))"` as a Step; raises JaxsmithError."""
    if not isinstance(transform, str):
        if not callable(transform):
            raise JaxsmithError(
                f"transform {transform!r}: give a name such as 'grad' or a function"
            )
        inner = getattr(transform, "func", transform)  # of a partial
        return Step(str(getattr(inner, "__name__", "transform")), {}, transform)
    try:
        tree = ast.parse(transform.strip(), mode="eval").body
    except SyntaxError:
        raise _misuse(transform) from None
    if isinstance(tree, ast.Name):
        return _checked(Step(tree.id), transform)
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name) or tree.args:
        raise _misuse(transform)
    try:
        options = {str(word.arg): ast.literal_eval(word.value) for word in tree.keywords}
    except ValueError:
        raise _misuse(transform) from None
    return _checked(Step(tree.func.id, options), transform)


def compose(
    function: Callable, steps: Sequence[Step], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Callable, list[Any]]:
    """The transformed function, and its arguments: `args` with tangents and cotangents behind."""
    arguments = list(args)
    # The argument that each one is mapped like.
    like: list[int | None] = list(range(len(arguments)))
    for place, step in enumerate(steps):
        if step.function is not None:
            function = step.function(function)
        elif step.name in ("jvp", "vjp"):
            count = len(arguments)
            moved = [i for i in range(count) if _differentiable(arguments[i])]
            if not moved:
                raise JaxsmithError(f"{step.name}: none of the arguments is differentiable")
            if step.name == "jvp":
                arguments += [_ones_like(arguments[i]) for i in moved]
                like += [like[i] for i in moved]
                function = _jvp(function, count, moved)
            else:
                maps = [later for later in steps[place + 1 :] if later.name == "vmap"]
                mapped, _ = compose(function, maps, arguments, kwargs)
                shape = jax.eval_shape(mapped, *arguments, **kwargs)
                arguments.append(_ones_like(shape))
                like.append(None)
                function = _vjp(function, count, moved)
        elif step.name == "vmap":
            options = dict(step.options)
            axes = options.get("in_axes", 0)
            if isinstance(axes, (tuple, list)):
                extra = like[len(axes) :]
                options["in_axes"] = (*axes, *(0 if i is None else axes[i] for i in extra))
            function = jax.vmap(function, **options)
        else:
            function = getattr(jax, step.name)(function, **step.options)
    return function, arguments


def describe(steps: Sequence[Step]) -> str:
    """For the column `transformation`: "forward", "grad", "grad, vmap"."""
    return ", ".join(step.name for step in steps) or "forward"


def _misuse(transform: str) -> JaxsmithError:
    return JaxsmithError(
        f"transform '{transform}' is not understood: write a name, or one with JAX's keywords such"
        " as vmap(in_axes=(0, None))"
    )


def _checked(step: Step, transform: str) -> Step:
    if step.name not in _OPTIONS:
        known = ", ".join(_OPTIONS)
        raise JaxsmithError(f"transform '{transform}': there is no {step.name}; there are {known}")
    for option in step.options:
        if option not in _OPTIONS[step.name]:
            known = ", ".join(_OPTIONS[step.name]) or "no options"
            raise JaxsmithError(
                f"transform '{transform}': {step.name} has no {option}; it has {known}"
            )
    return step


def _differentiable(argument: Any) -> bool:
    leaves = jax.tree.leaves(argument)
    return bool(leaves) and all(
        jax.dtypes.issubdtype(jax.dtypes.result_type(leaf), np.inexact)
        if isinstance(leaf, (bool, int, float, complex, np.generic)) or hasattr(leaf, "dtype")
        else False
        for leaf in leaves
    )


def _ones_like(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: np.ones(np.shape(leaf), jax.dtypes.result_type(leaf)), tree)


def _with_moved(arguments: Sequence[Any], moved: Sequence[int], values: Sequence[Any]) -> list[Any]:
    out = list(arguments)
    for place, value in zip(moved, values, strict=True):
        out[place] = value
    return out


def _jvp(function: Callable, count: int, moved: list[int]) -> Callable:
    @functools.wraps(function)
    def jvp(*arguments: Any, **keywords: Any) -> Any:
        primals, tangents = arguments[:count], arguments[count:]

        def of_moved(*values: Any) -> Any:
            return function(*_with_moved(primals, moved, values), **keywords)

        return jax.jvp(of_moved, tuple(primals[i] for i in moved), tuple(tangents))

    return jvp


def _vjp(function: Callable, count: int, moved: list[int]) -> Callable:
    @functools.wraps(function)
    def vjp(*arguments: Any, **keywords: Any) -> Any:
        primals, cotangents = arguments[:count], arguments[count]

        def of_moved(*values: Any) -> Any:
            return function(*_with_moved(primals, moved, values), **keywords)

        result, pull = jax.vjp(of_moved, *(primals[i] for i in moved))
        return result, pull(cotangents)

    return vjp
