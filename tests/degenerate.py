"""Texts that have a row's signature and do nothing of what it does: no grader may give them credit."""

import re

from jaxsmith import jax_private

SIZES = {"i1": 1, "ui8": 1, "i8": 1, "i16": 2, "ui16": 2, "f16": 2, "bf16": 2, "i32": 4, "ui32": 4}
SIZES |= {"f32": 4, "i64": 8, "ui64": 8, "f64": 8, "complex<f32>": 8, "complex<f64>": 16}


def types_in(text):
    return re.findall(r"tensor<((?:\d+x)*)([a-z]+\d*(?:<f\d+>|E\w+)?)>", text)


def signature(stablehlo):
    """Arguments and results of @main as (sizes, element) with the sizes as MLIR writes them."""
    head = re.search(r"@main\((.*?)\)(?: ->(.*))? \{\n", stablehlo)
    return types_in(head.group(1)), types_in(head.group(2) or "")


def tensor(kind):
    return f"tensor<{kind[0]}{kind[1]}>"


def module(arguments, results, values):
    """`values`: for each result a number of an argument, or what stands in dense<…>."""
    lines, names = [], []
    for i, (kind, value) in enumerate(zip(results, values, strict=False)):
        names.append(f"%arg{value}" if isinstance(value, int) else f"%c{i}")
        if not isinstance(value, int):
            lines.append(f"    %c{i} = stablehlo.constant dense<{value}> : {tensor(kind)}\n")
    taken = ", ".join(f"%arg{i}: {tensor(kind)}" for i, kind in enumerate(arguments))
    given = ", ".join(map(tensor, results))
    return (
        f"module @m {{\n  func.func public @main({taken}) -> ({given}) {{\n{''.join(lines)}"
        f"    return {', '.join(names)} : {given}\n  }}\n}}\n"
    )


def splat(number, kind):
    element = kind[1]
    if "0" in kind[0].split("x"):
        return ""
    if element == "i1":
        return "true" if number else "false"
    if element.startswith("complex"):
        return f"({number:e}, {number:e})"
    return f"{number:e}" if "f" in element else str(number)


def recorded(output, kind):
    data, element = output["data"], kind[1]
    if element == "i1":
        bits = iter("true" if b else "false" for b in data)
        return nested(bits, output["shape"])
    return f'"0x{data.hex()}"' if len(data) else ""


def nested(items, shape):
    if not shape:
        return next(items)
    return "[" + ", ".join(nested(items, shape[1:]) for _ in range(shape[0])) + "]"


def modules(row):
    """What is wrong with it, and the text."""
    arguments, results = signature(row["stablehlo"])
    yield "empty text", ""
    yield "empty module", "module {\n}\n"
    yield "empty function", "module {\n  func.func public @main() {\n    return\n  }\n}\n"
    for number in (0, 1, -1):
        if number >= 0 or not any("u" in element for _, element in results):
            values = [splat(number, kind) for kind in results]
            yield f"all {number}", module(arguments, results, values)
    if len(row["outputs"]) == len(results):
        values = [recorded(o, kind) for o, kind in zip(row["outputs"], results, strict=True)]
        yield "recorded outputs", module(arguments, results, values)
    for turn in range(min(len(arguments), 4)):
        order = [*range(turn, len(arguments)), *range(turn)]
        values = [
            next((i for i in order if arguments[i] == kind), splat(0, kind)) for kind in results
        ]
        yield "input returned", module(arguments, results, values)
        if len(row["outputs"]) == len(results):
            values = [
                next((i for i in order if arguments[i] == kind), recorded(o, kind))
                for o, kind in zip(row["outputs"], results, strict=True)
            ]
            yield "input returned beside recorded outputs", module(arguments, results, values)


def jaxprs(row):
    """The same of jaxprs: they have constants, and no literals that are arrays."""

    def aval(array):
        return f"{array['dtype']}[{','.join(map(str, array['shape']))}]"

    constants, inputs = row["constants"] or [], row["inputs"]
    taken = [*constants, *inputs]
    names = [f"x{i}" for i in range(len(taken))]
    head = [f"{name}:{aval(array)}" for name, array in zip(names, taken, strict=True)]
    head = f"{' '.join(head[: len(constants)])}; {' '.join(head[len(constants) :])}"

    def jaxpr(given):
        """`given`: for each output a variable, or a number that fills it."""
        lines, results = [], []
        for i, (output, value) in enumerate(zip(row["outputs"], given, strict=True)):
            if isinstance(value, str):
                results.append(value)
                continue
            dtype = output["dtype"]
            number = bool(value) if dtype == "bool" else value if dtype[0] in "iu" else float(value)
            lines.append(f"    r{i}:{aval(output)} = broadcast_in_dim {number}:{dtype}[]\n")
            results.append(f"r{i}")
        end = ", ".join(results) + ("," if len(results) == 1 else "")
        return f"{{ lambda {head}. let\n{''.join(lines)}  in ({end}) }}"

    yield "empty text", ""
    yield "empty jaxpr", "{ lambda ; . let  in () }"
    yield "all 0", jaxpr([0] * len(row["outputs"]))
    yield "all 1", jaxpr([1] * len(row["outputs"]))
    for turn in range(min(len(taken), 4)):
        order = [*range(turn, len(taken)), *range(turn)]
        yield (
            "input returned",
            jaxpr(
                [
                    next((names[i] for i in order if aval(taken[i]) == aval(output)), 0)
                    for output in row["outputs"]
                ]
            ),
        )


def of_level(row, level, context):
    """What is wrong with it, and the text at that level; `context`: of MLIR, for HLO."""
    if level == "jaxpr":
        yield from jaxprs(row)
        return
    for what, text in modules(row):
        if level == "stablehlo":
            yield what, text
        elif "@main" not in text:
            yield what, "" if not text else "HloModule m\n"
        else:
            module = jax_private.parse_stablehlo(text, context)
            yield what, jax_private.hlo_of_stablehlo(module, locations=False)
