"""Sizes of functions by their texts, read here anew, and the difficulty by the formula of the documentation: what
src/ir/jaxpr/flow.h and src/check/difficulty.h say is held against these.

measures(row["jaxpr"])  # {"nesting": 1, "distinct_operations": 12, "depth": 9}
tokens(row["source"])  # 140
difficulty(row)  # 3
"""

import io
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

STATISTICS = Path(__file__).resolve().parent.parent / "docs" / "statistics.md"
THRESHOLDS = {
    name: list(map(int, numbers.split(", ")))
    for name, numbers in re.findall(
        r"^\| `(\w+)` \| (\d+, \d+, \d+, \d+) \|$", STATISTICS.read_text(), re.MULTILINE
    )
}

# What counts as what it holds, and what is control flow.
WRAPPERS = {"jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call"}
WRAPPERS |= {"custom_vjp_call_jaxpr", "checkpoint", "remat", "remat2", "linear_call"}
CONTROL = {"scan", "while", "cond", "shard_map", "xla_pmap", "pallas_call"}

NAME = re.compile(r"[A-Za-z_][\w.\-]*")
LAMBDA = re.compile(r"\{\s*lambda")
HEAD = re.compile(r"\.\s+let\b")
IN = re.compile(r"in\s+(?=\()")
SET = re.compile(r"\s=\s")
# Operands may go on in the next line, where results, which have types, and the end may not.
END = re.compile(r"\n(?=\s*(?:in\s+\(|(?!(?:True|False|inf|nan):)[A-Za-z_]\w*:))|;|\s+in\s+\(")
TYPE = re.compile(r":\w+(<[^>]*>)?\[[^\]]*\](\{[^}]*\})?")
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
LAYOUT |= {tokenize.ENCODING, tokenize.ENDMARKER}


@dataclass
class Jaxpr:
    inputs: list[str]
    equations: list[tuple] = field(default_factory=list)  # primitive, results, held, operands
    results: list[str] = field(default_factory=list)


class Reader:
    def __init__(self, text):
        self.text, self.at, self.shared = text, 0, {}

    def blanks(self):
        while self.at < len(self.text) and self.text[self.at] in " \n;":
            self.at += 1

    def match(self, pattern):
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def behind(self, at):
        """The place behind the bracket that closes the one there."""
        depth = 0
        while True:
            c = self.text[at]
            if c in "'\"":
                at = self.text.index(c, at + 1)
            depth += (c in "([{") - (c in ")]}")
            at += 1
            if depth == 0:
                return at

    def module(self):
        self.blanks()
        while self.match(re.compile(r"let\s+")):
            name = self.match(NAME)[0]
            self.match(re.compile(r"\s*=\s*"))
            self.shared[name] = self.jaxpr()
            self.match(re.compile(r"\s*in\s+"))
        return self.jaxpr()

    def jaxpr(self):
        end = self.behind(self.at)
        head = HEAD.search(self.text, self.at)
        # "a:f32[2]{V:data}" is one of them.
        out = Jaxpr(re.findall(r"\s([A-Za-z_]\w*):", self.text[self.at : head.start()]))
        self.at = head.end()
        self.blanks()
        while not self.match(IN):
            out.equations.append(self.equation())
            self.blanks()
        out.results = atoms(self.text[self.at + 1 : self.behind(self.at) - 1])
        self.at = end
        return out

    def equation(self):
        middle = SET.search(self.text, self.at)
        results = re.findall(r"(?:^|\s)([A-Za-z_]\w*):", self.text[self.at : middle.start()])
        self.at = middle.end()
        primitive, held = self.match(NAME)[0], []
        if self.text[self.at] == "[":
            end = self.behind(self.at)
            held = self.held(self.at + 1, end - 1)
            self.at = end
        end = END.search(self.text, self.at)
        operands = atoms(self.text[self.at : end.start()])
        self.at = end.start()
        return primitive, results, held, operands

    def held(self, at, end):
        """Jaxprs among the parameters, and words that may be the names of shared ones, which may come later."""
        out = []
        while at < end:
            c = self.text[at]
            if c in "'\"":
                at = self.text.index(c, at + 1) + 1
            elif LAMBDA.match(self.text, at):
                self.at = at
                out.append(self.jaxpr())
                at = self.at
            elif word := NAME.match(self.text, at):
                is_value = self.text[at - 1] in "=( \n," and self.text[word.end()] != "="
                named = re.search(r"(\w+)=$", self.text[:at])
                if is_value and not (named and named[1] == "name"):
                    out.append(word[0])
                at = word.end()
            else:
                at += 1
        return out


def atoms(text):
    return [atom for atom in re.split(r"[\s,]+", TYPE.sub("", text)) if atom]


def measures(text):
    reader = Reader(text)
    main, shared = reader.module(), reader.shared
    operations, nesting = set(), 0

    def run(jaxpr, depths, level):
        nonlocal nesting
        for primitive, results, held, operands in jaxpr.equations:
            given = [depths.get(atom, 0) for atom in operands]
            held = [shared.get(each) if isinstance(each, str) else each for each in held]
            held = [each for each in held if each]
            if held and primitive in WRAPPERS:
                body = held[0]
                own = dict(zip(reversed(body.inputs), reversed(given), strict=False))
                depths.update(zip(results, run(body, own, level), strict=False))
                continue
            operations.add(primitive)
            deeper = level + (primitive in CONTROL)
            nesting = max(nesting, deeper if held else 0)
            inside = [depth for body in held for depth in run(body, {}, deeper)]
            depth = max(given, default=0) + 1 + max(inside, default=0)
            depths.update(dict.fromkeys(results, depth))
        return [depths.get(atom, 0) for atom in jaxpr.results]

    depths = {}
    run(main, depths, 0)
    depth = max(depths.values(), default=0)
    return {"nesting": nesting, "distinct_operations": len(operations), "depth": depth}


def tokens(source):
    read = tokenize.generate_tokens(io.StringIO(source).readline)
    return sum(token.type not in LAYOUT for token in read)


def difficulty(row):
    grades = sum(row[name] >= least for name, limits in THRESHOLDS.items() for least in limits)
    return min(5, 1 + grades // 4)
