"""How a function is called with inputs that lie side by side."""

from collections.abc import Sequence
from typing import Any


def arguments(tree: str, scope: dict[str, Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
    """The inputs as an entry takes them. `tree` is a row's `argument_tree`: Python in the names of
    the source, which has been executed in `scope`, with positions of inputs in place of arrays, such
    as `({"b": 0, "w": 1}, Batch(x=2, y=3))`. Empty: every input is an argument by itself."""
    if not tree:
        return tuple(inputs)
    import jax

    return jax.tree.map(lambda position: inputs[position], eval(tree, scope))
