#!/usr/bin/env python3
"""Holds what makes a plan the same with any compiler and any C library, in planning, rendering and
whatever else draws numbers or computes with them:

- No full expression draws twice unless the language says which draw comes first. C++ leaves the
  order of operands of + and of a function's arguments open, so that `2 + below(4) + below(8)` and
  `f(below(4), below(8))` are two programs. Draw into variables, or in a braced list.
- No function of the C library whose last bits differ between libraries (exp, sin, pow …):
  base/portable_math.h has them. What IEEE 754 rounds in one way (sqrt, floor, fmod …) is free.

usage: tools/check_determinism.py [SRC]
"""

import re
import sys

import checking

# Where numbers are drawn, and where they must not come out of the C library.
DRAWING = ("plan", "source", "base", "extract", "generate", "backend")
PORTABLE = ("plan", "source", "base", "backend", "tensor/special_functions.cc", "tensor/convert.cc")
LIBRARY = re.compile(
    r"(?<![\w.])(?:std::|::)(exp2?|expm1|log(?:2|10|1p)?|pow|cbrt|hypot|a?(?:sin|cos|tan)h?|atan2"
    r"|erfc?|[lt]gamma|beta|riemann_zeta|comp_ellint_\w+|cyl_\w+|legendre|expint|lerp|polar)(?:f|l)?\("
)
TOKEN = re.compile(
    r"[A-Za-z_]\w*|\d[\w.']*(?:[eEpP][+-]\d+)?|->|::|&&|\|\||<<=?|>>=?|[-+*/%&|^!<>=]=|\+\+|--|\S"
)
COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL
)
CLOSING = {"(": ")", "[": "]", "{": "}"}
# What the language evaluates one after the other.
SEQUENCED = {"&&", "||", "?", ":", ";", "=", "+=", "-=", "*=", "/=", "|=", "&=", "^=", "<<", ">>"}
HEADS = {"if", "while", "for", "switch", "constexpr"}  # a condition in brackets comes next
SEPARATE = {",", ";", "return", "else", "do", "case", "throw"}
RANDOM_METHODS = {"below", "between", "uniform", "chance", "weighted", "pick", "shuffle", "next"}
# Calls that draw, or add to a program, by what they are called on.
STATEFUL = {
    "b": "size draw draw_kind draw_partner nice_number literal apply apply_text draw_op grow into"
    " coerce convert combine body fold fold_onto set_results".split(),
    "w": "open value parameter node".split(),
}
CALLBACKS = {"draw", "infer", "refine", "fill"}  # functions that entries of the catalogue hold
STATE = r"(?<!const )\b(?:Random|Builder|Wrapper)& ?\w*"
FUNCTION = re.compile(rf"\b(\w+)\(((?:[^;{{}}()]|\([^()]*\))*?{STATE}(?:[^;{{}}()]|\([^()]*\))*)\)")
LAMBDA = re.compile(r"\bauto (\w+) = \[[^\]]*\](?:\([^)]*\))?[^{;]*\{")


class Group:
    """What stands in brackets."""

    def __init__(self, opening, line):
        self.opening, self.line, self.items = opening, line, []


def without_texts(source):
    """The source with comments blank and texts empty, line by line as it was."""

    def blank(match):
        text = match.group()
        return ('""' if text[0] in "\"'R" else "") + "\n" * text.count("\n")

    return COMMENT_OR_TEXT.sub(blank, source)


def tree(source):
    """Tokens with their lines, brackets nested."""
    root = Group("{", 1)
    stack = [root]
    for number, text in enumerate(source.split("\n"), 1):
        if text.lstrip().startswith("#"):
            continue
        for token in TOKEN.findall(text):
            if token in CLOSING:
                stack.append(Group(token, number))
                stack[-2].items.append(stack[-1])
            elif token in CLOSING.values():
                if len(stack) > 1 and CLOSING[stack[-1].opening] == token:
                    stack.pop()
            else:
                stack[-1].items.append((token, number))
    return root


def is_group(item, opening):
    return isinstance(item, Group) and item.opening == opening


def word(item):
    return item[0] if isinstance(item, tuple) else None


def is_name(item):
    return bool(item) and word(item) is not None and re.match(r"[A-Za-z_]", word(item)) is not None


class Checker:
    """Looks for expressions of one file that draw twice. `drawing`: functions that draw."""

    def __init__(self, drawing, builder_itself):
        self.drawing, self.builder_itself = drawing, builder_itself
        self.found = set()

    def split(self, items, marks):
        parts, current = [], []
        for item in items:
            if word(item) in marks:
                parts.append(current)
                current = []
            else:
                current.append(item)
        return [*parts, current]

    def draws(self, group):
        """Whether evaluating what is in these brackets draws; notes what is wrong inside."""
        if group.opening == "(" and not any(word(i) == ";" for i in group.items):
            drawing = [self.expression(part) for part in self.split(group.items, {","})]
            if sum(drawing) > 1:
                self.found.add((group.line, "arguments"))
            return any(drawing)
        return self.statements(group.items)

    def statements(self, items):
        """What stands between ; and , and the blocks, each of which is looked at by itself."""
        draws, current = False, []
        for i, item in enumerate([*items, (";", 0)]):
            block = is_group(item, "{") and self.ends_statement(items, i)
            head = is_group(item, "(") and i > 0 and word(items[i - 1]) in HEADS
            if not (block or head or word(item) in SEPARATE):
                current.append(item)
                continue
            draws = self.expression(current) or draws
            if block or head:
                draws = self.draws(item) or draws
            current = []
        return draws

    def ends_statement(self, items, i):
        """Whether this is a block and no list: a list is followed by a mark of the expression."""
        following = items[i + 1] if i + 1 < len(items) else None
        if following is None or is_name(following) or isinstance(following, Group):
            return i == 0 or not is_group(items[i - 1], "[")
        before = items[i - 1] if i else None
        return (
            is_group(before, "(")
            and word(following) not in {";", ",", ".", ")"}
            and not any(is_group(each, "[") for each in items[max(0, i - 3) : i])
        )

    def expression(self, items):
        return any([self.operands(part) for part in self.split(items, SEQUENCED)])

    def operands(self, items):
        """Parts that no rule puts in order: each is a chain a.b(c)[d]."""
        drawing, line, i = 0, None, 0
        while i < len(items):
            chain_draws, i, at = self.chain(items, i)
            if chain_draws:
                drawing += 1
                line = line or at
        if drawing > 1:
            self.found.add((line, "operands"))
        return drawing > 0

    def chain(self, items, start):
        draws, i, line = False, start, None
        before = None
        while i < len(items):
            item = items[i]
            if is_group(item, "[") and not (is_name(before) or isinstance(before, Group)):
                return draws, self.skip_lambda(items, i), line
            if isinstance(item, Group):
                inner = self.draws(item)
                called = item.opening == "(" and self.is_draw(items, i - 1, start)
                if inner or called:
                    draws, line = True, line or item.line
            elif word(item) not in {".", "->", "::"} and not is_name(item):
                return draws, i + 1, line
            elif is_name(item) and (is_name(before) or isinstance(before, Group)):  # `const T x`
                return draws, i, line
            before = item
            i += 1
        return draws, i, line

    def skip_lambda(self, items, i):
        """Past a lambda, whose body is no part of the expression that it stands in."""
        i += 1
        while i < len(items) and not is_group(items[i], "{"):
            i += 1
        if i < len(items):
            self.draws(items[i])
        return i + 1

    def is_draw(self, items, at, start):
        name = word(items[at]) if at >= start else None
        if name is None:
            return False
        link = word(items[at - 1]) if at > start else None
        if link in {".", "->"}:
            owner = items[at - 2] if at - 2 >= start else None
            on = word(owner)
            if name in RANDOM_METHODS and (
                is_group(owner, "(")
                or on is None
                or "rand" in on
                or on in {"style", "taste", "spread", "chance"}
            ):
                return True
            return name in STATEFUL.get(on, ()) or name in CALLBACKS
        if link == "::":
            return False
        return name in self.drawing or self.builder_itself and name in STATEFUL["b"]


def drawing_functions(sources):
    """Functions, and lambdas with a name, that draw."""
    names = set(CALLBACKS)
    for source in sources:
        names |= {match[1] for match in FUNCTION.finditer(source)}
    names -= {"if", "while", "for", "return", "function", "Builder", "Random", "Wrapper"}
    for source in sources:
        for match in LAMBDA.finditer(source):
            body = tree(source[match.end() - 1 :].split("\n}\n")[0]).items
            checker = Checker(names, False)
            if body and checker.draws(body[0]):
                names.add(match[1])
    return names


def files(src, places):
    for place in places:
        path = src / place
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (p for p in found if p.suffix in {".h", ".cc"})


def violations(src):
    sources = {path: without_texts(path.read_text()) for path in files(src, DRAWING)}
    drawing = drawing_functions(sources.values())
    for path, source in sources.items():
        checker = Checker(drawing, path.name in {"builder.cc", "leading.cc"})
        checker.draws(tree(source))
        for line, what in sorted(checker.found):
            yield (
                f"{path}:{line}: {what} that draw, in an order that C++ leaves open; draw into "
                "variables first"
            )
    for path in files(src, PORTABLE):
        for number, line in enumerate(without_texts(path.read_text()).split("\n"), 1):
            for match in LIBRARY.finditer(line):
                yield (
                    f"{path}:{number}: std::{match[1]} differs between C libraries; use "
                    "portable:: of base/portable_math.h"
                )


if __name__ == "__main__":
    sys.exit(checking.run(violations, checking.ROOT / "src", __doc__))
