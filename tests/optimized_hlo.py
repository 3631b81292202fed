"""Optimised HLO as a text that XLA compiles again: without what was decided for one compilation.

Fusions become calls, bitcasts become what they do to the elements, schedules and the backend's
remarks go. Layouts do not matter then.
"""

import math
import re

from hlo_text import Instruction, Module

_SHAPE = re.compile(r"(\w+)\[([\d,]*)\](?:\{([\d,]*)[^}]*\})?")
# Attributes of the module and of instructions that belong to one compilation.
_MODULE_ATTRIBUTES = re.compile(
    r", (?:is_scheduled=true|allow_spmd_sharding_propagation_to_\w+=\{[\w,]*\})"
)
_DROPPED = ("frontend_attributes", "schedule", "kind", "output_to_operand_aliasing", "sharding")


def compilable(text: str) -> str:
    module = Module(text)
    known = module.by_name()
    lines: list[str | Instruction] = []
    for line in module.lines:
        if isinstance(line, Instruction):
            lines += _compilable(line, known)
        else:
            lines.append(_MODULE_ATTRIBUTES.sub("", line))
    module.lines = lines
    return str(module)


def _compilable(
    line: Instruction, known: dict[tuple[str, str], Instruction]
) -> list[str | Instruction]:
    for name in _DROPPED:
        line.attributes.pop(name, None)
    if line.opcode != "custom-call":  # there it says what is computed
        line.attributes.pop("backend_config", None)
    if line.opcode == "fusion":
        line.opcode = "call"
        line.attributes["to_apply"] = line.attributes.pop("calls")
    elif line.opcode == "bitcast":
        return _bitcast(line, known[line.computation, line.operands[0]])
    return [line]


def _shape(type_: str) -> tuple[str, list[int], list[int]]:
    """Element type, sizes, and the dimensions from the outermost in memory to the innermost."""
    match = _SHAPE.fullmatch(type_)
    assert match is not None
    sizes = [int(n) for n in match[2].split(",") if n]
    order = [int(n) for n in (match[3] or "").split(",") if n][::-1]
    return match[1], sizes, order or list(range(len(sizes)))


def _type(element: str, sizes: list[int]) -> str:
    order = ",".join(str(n) for n in reversed(range(len(sizes))))
    return f"{element}[{','.join(map(str, sizes))}]" + (f"{{{order}}}" if sizes else "")


def _bitcast(line: Instruction, operand: Instruction) -> list[str | Instruction]:
    """The same bytes with other sizes: transposed to their order in memory, reshaped, and back."""
    element, sizes, order = _shape(line.type)
    element_from, sizes_from, order_from = _shape(operand.type)
    if math.prod(sizes) != math.prod(sizes_from):
        raise ValueError("a bitcast to elements of another size")
    steps = [
        ("transpose", element_from, [sizes_from[d] for d in order_from], order_from),
        ("reshape", element_from, [sizes[d] for d in order], None),
        ("bitcast-convert", element, [sizes[d] for d in order], None),
        ("transpose", element, sizes, [order.index(d) for d in range(len(order))]),
    ]
    if element == element_from:
        del steps[2]
    out: list[str | Instruction] = []
    before = operand.name
    for number, (opcode, of, to, permutation) in enumerate(steps):
        last = number + 1 == len(steps)
        attributes = {}
        if permutation is not None:
            attributes["dimensions"] = "{" + ",".join(map(str, permutation)) + "}"
        prefix = line.prefix if last else line.prefix.replace("ROOT ", "")
        name = line.name if last else f"{line.name}.step{number}"
        type_ = line.type if last else _type(of, to)
        out.append(Instruction(prefix, name, type_, opcode, before, attributes))
        before = name
    return out
