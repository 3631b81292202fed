#!/usr/bin/env python3
"""Holds the layers of src/: a step includes itself and earlier steps, ir/* only base and tensor;
the public headers (include/jaxsmith) are for api alone, which is behind them. What is a back end's
own (plan/jax, trace/jax) only its own folders and backend/ include, and how it is spelled stands in
no text of plan and source outside of them: the catalogue's vocabulary says it.

usage: tools/check_layers.py [SRC]
"""

import re
import sys

import checking

ORDER = [
    "base",
    "tensor",
    "ir/common",
    "ir/*",  # a level's folder, which no other includes
    "levels",
    "plan",
    "source",
    "trace",
    "backend",
]
ORDER += ["check", "select", "store", "score", "mutate", "stats", "split", "extract"]
ORDER += ["calibrate", "generate"]
ORDER += ["api"]
IR_MAY_INCLUDE = {"base", "tensor", "ir/common"}
BACKENDS = {"jax"}
# What functions of a back end begin with in texts of these layers.
SPELLED = {"plan", "source"}
SPELLINGS = {"jax": re.compile(r"\b(?:jax|jnp|jsp|lax|nn|jr)\.")}
# A comment, a character, a text, or one that may go over lines.
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|'(?:[^'\\\n]|\\.)+'|R"(\w*)\(.*?\)\1"|"(?:[^"\\\n]|\\.)*\"""", re.DOTALL
)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def layer_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "ir" and len(parts) > 2 else parts[0]


def place(layer):
    """Where a layer stands in the order; None of what has no place there."""
    if layer.startswith("ir/") and layer not in ORDER:
        layer = "ir/*"
    return ORDER.index(layer) if layer in ORDER else None


def backend_of(path):
    """The back end whose folder a file lies in."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[1] in BACKENDS else None


def texts_of(source):
    """Lines and texts in quotes of a file, comments left out."""
    for token in TOKEN.finditer(source):
        if token[0].startswith(('"', 'R"')):
            yield source.count("\n", 0, token.start()) + 1, token[0]


def spelled_out(file, source):
    """Yields a line for each text that a back end's own names stand in."""
    for line, text in texts_of(source):
        for owner, spelling in SPELLINGS.items():
            if spelling.search(text):
                yield f"{file}:{line}: {text} is the back end {owner}'s own; ask the vocabulary"


def violations(src):
    """Yields a line for each include that goes the wrong way, and for each text of another's."""
    for file in sorted(p for p in src.rglob("*") if p.suffix in {".h", ".cc", ".def"}):
        name = file.relative_to(src).as_posix()
        layer = layer_of(name)
        if place(layer) is None:
            yield f"{file}: folder '{layer}' has no place in the order of layers"
            continue
        source = file.read_text()
        if layer in SPELLED and backend_of(name) is None:
            yield from spelled_out(file, source)
        for included in INCLUDE.findall(source):
            target = layer_of(included)
            owner = backend_of(included)
            if owner and layer != "backend" and backend_of(name) != owner:
                yield f"{file}: {included} is the back end {owner}'s own; include backend/backend.h"
            if target == layer or (target == "jaxsmith" and layer == ORDER[-1]):
                continue
            if place(target) is None:
                yield f'{file}: "{included}" is in no layer; includes are relative to src/'
            elif layer.startswith("ir/") and target not in IR_MAY_INCLUDE:
                yield f"{file}: ir/* includes only base and tensor, not {included}"
            elif place(target) > place(layer):
                yield f"{file}: {layer} comes before {target} and must not include {included}"


if __name__ == "__main__":
    sys.exit(checking.run(violations, checking.ROOT / "src", __doc__))
