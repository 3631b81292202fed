"""Changes of StableHLO at one operation of the parsed module."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import mlir_changes
from jaxsmith import jax_private
from mutate_words import (
    ALIKE,
    ASSOCIATIVE,
    COMMUTATIVE,
    Change,
    Kind,
    other,
    other_attribute,
    other_constant,
)

_WORDS = {"round-nearest-even": "round_nearest_even", "round-nearest-afz": "round_nearest_afz",
          "exponential-minus-one": "exponential_minus_one", "log-plus-one": "log_plus_one",
          "count-leading-zeros": "count_leading_zeros", "shift-left": "shift_left",
          "shift-right-logical": "shift_right_logical",
          "shift-right-arithmetic": "shift_right_arithmetic"}  # fmt: skip
_ALIKE = [["stablehlo." + _WORDS.get(name, name) for name in group] for group in ALIKE]
_ALIKE.append(["chlo.asin", "chlo.acos", "chlo.atan", "chlo.sinh", "chlo.cosh", "chlo.asinh"])
_ALIKE.append(["chlo.erf", "chlo.erfc"])
_ASSOCIATIVE = ["stablehlo." + name for name in ASSOCIATIVE]
_REDUCTIONS = ("stablehlo.reduce", "stablehlo.reduce_window", "stablehlo.scatter")
# Promises, remarks and what names other parts of the module.
_KEPT_ATTRIBUTES = {
    "indices_are_sorted", "unique_indices", "precision_config", "result_accuracy", "callee",
    "backend_config", "call_target_name", "api_version", "operand_layouts", "result_layouts",
    "has_side_effect", "sym_name", "function_type", "sym_visibility", "arg_attrs", "res_attrs",
    "called_computations", "operandSegmentSizes", "output_operand_aliases", "is_stable",
    "unit_diagonal", "channel_handle",
}  # fmt: skip
_KEPT_DIALECTS = ("func.", "sdy.", "builtin.", "stablehlo.return", "stablehlo.custom_call")


class Mutator:
    """Each change takes a module that is parsed for it; `context` must be entered."""

    def __init__(self, text: str, rng: random.Random, context: Any):
        self.rng = rng
        self.module = jax_private.parse_stablehlo(text, context)
        self.operations = list(_walk(self.module.operation))

    def changes(self) -> Iterator[Change]:
        for op in self.operations:
            if op.name == "stablehlo.return":
                yield from self._of_yield(op)
            if op.name.startswith(_KEPT_DIALECTS):
                if op.name == "func.return":
                    yield from self._of_operands(op)
                continue
            yield from self._of_operands(op)
            yield from self._of_attributes(op)
            yield from self._of_itself(op)

    def _change(self, kind: str, op: Any, act: Callable[[], object]) -> Change:
        def make() -> str:
            act()
            return jax_private.stablehlo_text(self.module)

        return Change(kind, op.name, make)

    def _of_operands(self, op: Any) -> Iterator[Change]:
        operands = list(op.operands)
        commutes = op.name.split(".")[-1] in COMMUTATIVE
        for i, x in enumerate(operands):
            for j in range(i + 1, len(operands)):
                y = operands[j]
                if x.type == y.type and x != y and not commutes:
                    yield self._change(Kind.SWAPPED, op, lambda i=i, j=j: _set(op, {i: j, j: i}))
            seen = [v for v in _in_scope(op) if v.type == x.type and v not in operands]
            if seen:
                new = self.rng.choice(seen)
                yield self._change(Kind.OPERAND, op, lambda i=i, new=new: _put(op, i, new))
        if len(op.results) == 1 and op.name != "stablehlo.convert":
            for x in operands:
                if x.type == op.results[0].type:
                    yield self._change(
                        Kind.DROPPED, op, lambda x=x: op.results[0].replace_all_uses_with(x)
                    )
                    break

    def _of_yield(self, op: Any) -> Iterator[Change]:
        """A loop's body gives one of its values back as it came."""
        loop = op.parent
        if loop.name != "stablehlo.while" or len(op.operands) != len(loop.operands):
            return
        came = list(op.block.arguments)
        for i, x in enumerate(op.operands):
            if len(came) == len(op.operands) and x.type == came[i].type and x != came[i]:
                yield self._change(Kind.CARRIED, loop, lambda i=i: _put(op, i, came[i]))

    def _of_attributes(self, op: Any) -> Iterator[Change]:
        for name, value in _attributes(op):
            text = str(value)
            if name in _KEPT_ATTRIBUTES or "." in name or text.startswith('"'):
                continue
            kind = Kind.ATTRIBUTE
            if op.name == "stablehlo.compare":
                kind = Kind.COMPARATOR if op.parent.name == "stablehlo.sort" else Kind.DIRECTION
            if op.name == "stablehlo.constant":
                kind = Kind.TRIPS if _in_condition(op) else Kind.CONSTANT
                new = _other_dense(text, self.rng)
            elif name == "dimension_numbers" and "->" in text:
                new = _other_labels(text, self.rng)
            else:
                new = other_attribute(text, self.rng)
            if new and new != text:
                yield self._change(kind, op, lambda n=name, t=new: _set_attribute(op, n, t))
        if op.name == "stablehlo.slice":
            yield self._change(Kind.ATTRIBUTE, op, lambda: _move_slice(op, self.rng))

    def _of_itself(self, op: Any) -> Iterator[Change]:
        whole = bool(op.results) and any(m in str(op.results[0].type) for m in ("xi", "<i", "ui"))
        for group in _ALIKE:
            if op.name in group and not (whole and "stablehlo.sine" in group):
                reduces = op.parent.name in _REDUCTIONS
                left = [n for n in group if n in _ASSOCIATIVE] if reduces else group
                if set(left) - {op.name}:
                    new = other(left, op.name, self.rng)
                    kind = Kind.REDUCTION if reduces else Kind.OPERATION
                    yield self._change(kind, op, lambda new=new: _rename(op, new))
        if op.name == "stablehlo.convert":
            yield self._change(Kind.CONVERTED, op, lambda: _convert_by_way(op, self.rng))
        regions = list(op.regions)
        if op.name in ("stablehlo.case", "stablehlo.if") and len(regions) > 1:
            yield self._change(Kind.BRANCHES, op, lambda: _exchange(regions[0], regions[1]))


def _walk(op: Any) -> Iterator[Any]:
    for region in op.regions:
        for block in region:
            for child in block:
                yield child.operation
                yield from _walk(child.operation)


def _attributes(op: Any) -> list[tuple[str, Any]]:
    names = [a if isinstance(a, str) else a.name for a in op.attributes]
    return [(name, op.attributes[name]) for name in names]


def _in_scope(op: Any) -> list[Any]:
    """Values that stand before an operation, in its block and in those around it up to the
    function's."""
    out: list[Any] = []
    while op.name not in ("func.func", "builtin.module"):
        out += op.block.arguments
        for before in op.block:
            if before.operation == op:
                break
            out += before.operation.results
        op = op.parent.operation
    return out


def _in_condition(op: Any) -> bool:
    loop = op.parent.operation
    return loop.name == "stablehlo.while" and op.block == loop.regions[0].blocks[0]


def _put(op: Any, position: int, value: Any) -> None:
    op.operands[position] = value


def _set(op: Any, order: dict[int, int]) -> None:
    operands = list(op.operands)
    for to, of in order.items():
        op.operands[to] = operands[of]


def _set_attribute(op: Any, name: str, text: str) -> None:
    op.attributes[name] = mlir_changes.attribute(text)


def _rename(op: Any, name: str) -> None:
    new = mlir_changes.insert(name, list(op.operands), [r.type for r in op.results], before=op)
    op.results[0].replace_all_uses_with(new.results[0])
    op.erase()


def _convert_by_way(op: Any, rng: random.Random) -> None:
    type_ = str(op.results[0].type)
    sizes, _, element = type_.removeprefix("tensor<").removesuffix(">").rpartition("x")
    way = other(["i8", "f16", "i32", "bf16", "ui8"], element, rng)
    between = mlir_changes.type_of(f"tensor<{sizes}x{way}>" if sizes else f"tensor<{way}>")
    step = mlir_changes.insert("stablehlo.convert", [op.operands[0]], [between], before=op)
    op.operands[0] = step.results[0]


def _exchange(first: Any, second: Any) -> None:
    moved = [list(region.blocks) for region in (first, second)]
    for block in moved[0]:
        block.append_to(second)
    for block in moved[1]:
        block.append_to(first)


def _move_slice(op: Any, rng: random.Random) -> None:
    starts = list(op.attributes["start_indices"])
    limits = list(op.attributes["limit_indices"])
    if not starts:
        return
    i, step = rng.randrange(len(starts)), rng.choice([-1, 1])
    for name, values in (("start_indices", starts), ("limit_indices", limits)):
        values[i] = max(values[i] + step, 0)
        _set_attribute(op, name, "array<i64: " + ", ".join(map(str, values)) + ">")


def _other_dense(text: str, rng: random.Random) -> str | None:
    """`dense<…> : tensor<…>` with another value."""
    body, mark, type_ = text.rpartition("> : ")
    element = type_.rstrip(">").rpartition("x")[2].rpartition("<")[2]
    if not body.startswith("dense<") or "complex" in type_ and "0x" in body:
        return None
    whole = element.startswith(("i", "ui"))
    new = other_constant(body.removeprefix("dense<"), whole, rng)
    return f"dense<{new}{mark}{type_}" if new else None


def _other_labels(text: str, rng: random.Random) -> str:
    """Two neighbours of `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]` exchanged."""
    commas = [i for i in range(len(text)) if text.startswith(", ", i)]
    at = rng.choice(commas)
    return text[: at - 1] + text[at + 2] + ", " + text[at - 1] + text[at + 3 :]
