"""Changes of HLO's text, as lowered and optimised, at one instruction."""

import copy
import random
import re
from collections.abc import Iterator

from hlo_text import Instruction, Module
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

# Promises, remarks and what names other parts of the module.
_KEPT_ATTRIBUTES = {
    "backend_config", "frontend_attributes", "metadata", "sharding", "calls", "to_apply", "body",
    "condition", "branch_computations", "true_computation", "false_computation", "channel_id",
    "custom_call_target", "operand_layout_constraints", "api_version", "unique_indices",
    "indices_are_sorted", "operand_precision", "algorithm", "is_stable", "replica_groups",
    "use_global_device_ids", "output_to_operand_aliasing", "kind", "feature_group_count",
    "result_accuracy", "called_computations", "select", "scatter", "largest",
}  # fmt: skip
_LAYOUT = re.compile(r"\{[\d,:TS()]*\}")


def plain(type_: str) -> str:
    return _LAYOUT.sub("", type_)


class Mutator:
    """Changes are made to a module that is read anew for each."""

    def __init__(self, text: str, rng: random.Random):
        self.text, self.rng = text, rng
        self.module = Module(text)
        self.all = self.module.instructions()
        self.types = {(i.computation, i.name): i.type for i in self.all}
        self.roots = {i.computation: i for i in self.all if i.root}
        attribute = {"conditions": "condition", "bodies": "body"}
        self.conditions = self._named(attribute["conditions"])
        self.bodies = self._named(attribute["bodies"])
        self.comparators = {
            i.attributes["to_apply"].lstrip("%") for i in self.all if i.opcode == "sort"
        }

    def _named(self, attribute: str) -> set[str]:
        return {i.attributes[attribute].lstrip("%") for i in self.all if attribute in i.attributes}

    def changes(self) -> Iterator[Change]:
        for number, line in enumerate(self.module.lines):
            if isinstance(line, Instruction) and line.opcode != "parameter":
                yield from self._of_operands(number, line)
                yield from self._of_itself(number, line)
                yield from self._of_computations(number, line)

    def _replaced(self, number: int, new: list[Instruction]) -> str:
        lines = self.module.lines
        return "\n".join(map(str, [*lines[:number], *new, *lines[number + 1 :]]))

    def _change(self, kind: str, number: int, line: Instruction, **fields: object) -> Change:
        def make() -> str:
            changed = copy.deepcopy(line)
            for name, value in fields.items():
                setattr(changed, name, value)
            return self._replaced(number, [changed])

        return Change(kind, line.opcode, make)

    def _with_attribute(
        self, kind: str, number: int, line: Instruction, **changed: str | None
    ) -> Iterator[Change]:
        if all(value is not None for value in changed.values()):
            yield self._change(kind, number, line, attributes={**line.attributes, **changed})

    def _of_operands(self, number: int, line: Instruction) -> Iterator[Change]:
        names = line.operands
        types = [self.types.get((line.computation, name), "") for name in names]
        for i, type_ in enumerate(types):
            for j in range(i + 1, len(types)):
                if line.opcode in COMMUTATIVE or names[i] == names[j]:
                    continue
                if plain(type_) == plain(types[j]):
                    swapped = list(names)
                    swapped[i], swapped[j] = names[j], names[i]
                    yield self._change(Kind.SWAPPED, number, line, operands=swapped)
            earlier = [
                before.name
                for before in self.module.lines[:number]
                if isinstance(before, Instruction)
                and before.computation == line.computation
                and before.type == type_
                and before.name not in names
            ]
            if earlier:
                new = [*names[:i], self.rng.choice(earlier), *names[i + 1 :]]
                yield self._change(Kind.OPERAND, number, line, operands=new)
        if line.root and line.computation in self.bodies and line.opcode == "tuple":
            yield from self._not_carried(number, line)
        elif not line.root or len(names) > 1:
            for name, type_ in zip(names, types, strict=True):
                if type_ == line.type and line.opcode not in ("copy", "bitcast"):
                    kept = Instruction(line.prefix, line.name, line.type, "copy", name)
                    if not line.type.startswith("("):
                        yield Change(
                            Kind.DROPPED, line.opcode, lambda k=kept: self._replaced(number, [k])
                        )
                    break

    def _not_carried(self, number: int, line: Instruction) -> Iterator[Change]:
        """A loop's body gives one of its values back as it came."""
        parameter = next(
            i for i in self.all if i.computation == line.computation and i.opcode == "parameter"
        )
        for i, name in enumerate(line.operands):
            type_ = self.types[line.computation, name]
            if type_.startswith("("):
                continue
            mark = "%" if name.startswith("%") else ""
            came = Instruction(
                line.prefix.replace("ROOT ", ""),
                f"{mark}as_it_came",
                type_,
                "get-tuple-element",
                parameter.name,
                {"index": str(i)},
            )
            changed = copy.deepcopy(line)
            changed.operands = [*line.operands[:i], came.name, *line.operands[i + 1 :]]
            yield Change(
                Kind.CARRIED, "while", lambda c=changed, g=came: self._replaced(number, [g, c])
            )

    def _of_itself(self, number: int, line: Instruction) -> Iterator[Change]:
        whole = re.match(r"\(?[su]\d", line.type) is not None
        if line.opcode == "constant":
            if literal := other_constant(line.arguments, whole, self.rng):
                kind = Kind.TRIPS if line.computation in self.conditions else Kind.CONSTANT
                yield self._change(kind, number, line, arguments=literal)
            return
        for group in ALIKE:
            if line.opcode in group and not (whole and group[0] == "sine"):
                kind = self._kind_of_reduction(line)
                left = [n for n in group if n in ASSOCIATIVE] if kind == Kind.REDUCTION else group
                if set(left) - {line.opcode}:
                    new = other(left, line.opcode, self.rng)
                    yield self._change(kind, number, line, opcode=new)
        if line.opcode == "compare":
            kind = Kind.COMPARATOR if line.computation in self.comparators else Kind.DIRECTION
            for key in ("direction", "type"):
                if key in line.attributes:
                    new = other_attribute(line.attributes[key], self.rng)
                    yield from self._with_attribute(kind, number, line, **{key: new})
            return
        for key, value in line.attributes.items():
            if key not in _KEPT_ATTRIBUTES and value:
                new = self._other_attribute(key, value)
                yield from self._with_attribute(Kind.ATTRIBUTE, number, line, **{key: new})
        if line.opcode == "slice":
            yield from self._with_attribute(
                Kind.ATTRIBUTE, number, line, slice=_moved(line.attributes["slice"], self.rng)
            )
        if line.opcode == "convert":
            yield from self._converted_otherwise(number, line)

    def _kind_of_reduction(self, line: Instruction) -> str:
        """Of the one instruction of a computation of two scalars."""
        alone = [
            i for i in self.all if i.computation == line.computation and i.opcode != "parameter"
        ]
        return (
            Kind.REDUCTION
            if line.root and len(alone) == 1 and "[]" in line.type
            else Kind.OPERATION
        )

    def _other_attribute(self, key: str, value: str) -> str | None:
        if key == "dim_labels":
            at = self.rng.randrange(len(value) - 1)
            return value[:at] + value[at + 1] + value[at] + value[at + 2 :]
        return other_attribute(value, self.rng, digits=True)

    def _converted_otherwise(self, number: int, line: Instruction) -> Iterator[Change]:
        """By way of another type."""
        element, _, rest = line.type.partition("[")
        way = other(["s8", "f16", "s32", "bf16", "u8"], element, self.rng)
        step = copy.deepcopy(line)
        step.prefix = line.prefix.replace("ROOT ", "")
        step.name, step.type = line.name + ".way", f"{way}[{rest}"
        back = copy.deepcopy(line)
        back.operands = [step.name]
        yield Change(Kind.CONVERTED, "convert", lambda: self._replaced(number, [step, back]))

    def _of_computations(self, number: int, line: Instruction) -> Iterator[Change]:
        a = line.attributes
        if "branch_computations" in a:
            names = a["branch_computations"].strip("{}").split(", ")
            for i in range(len(names) - 1):
                turned = [*names[:i], names[i + 1], names[i], *names[i + 2 :]]
                text = "{" + ", ".join(turned) + "}"
                yield from self._with_attribute(
                    Kind.BRANCHES, number, line, branch_computations=text
                )
        if "true_computation" in a:
            yield from self._with_attribute(
                Kind.BRANCHES,
                number,
                line,
                true_computation=a["false_computation"],
                false_computation=a["true_computation"],
            )
        if "to_apply" in a and line.opcode in ("reduce", "reduce-window", "scatter"):
            mark = "%" if a["to_apply"].startswith("%") else ""
            same = self._signature(a["to_apply"].lstrip("%"))
            others = []
            for name in self.module.computations():
                if name == line.computation:  # those that are defined further down cannot be used
                    break
                if self._signature(name) == same and mark + name != a["to_apply"]:
                    others.append(mark + name)
            if others:
                yield from self._with_attribute(
                    Kind.REDUCTION, number, line, to_apply=self.rng.choice(others)
                )

    def _signature(self, computation: str) -> list[str]:
        """Types of the parameters in order, then that of the result."""
        parameters = [
            (i.arguments, plain(i.type))
            for i in self.all
            if i.computation == computation and i.opcode == "parameter"
        ]
        return [t for _, t in sorted(parameters)] + [plain(self.roots[computation].type)]


def _moved(bounds: str, rng: random.Random) -> str | None:
    """A slice of the same size that begins elsewhere."""
    places = list(re.finditer(r"\[(\d+):(\d+)", bounds))
    if not places:
        return None
    match, step = rng.choice(places), rng.choice([-1, 1])
    start, limit = int(match[1]) + step, int(match[2]) + step
    return f"{bounds[: match.start()]}[{max(start, 0)}:{limit}{bounds[match.end() :]}"
