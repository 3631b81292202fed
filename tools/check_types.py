#!/usr/bin/env python3
"""Holds one namespace a layer and one definition a type.

What a file of src/, tools/ or include/ says stands in its layer's namespace or in one within that:
jaxsmith::plan for src/plan. Two definitions of one qualified name in different files are refused,
since a program that has both runs one type's destructor on the other. What an anonymous namespace
holds is its file's own. Headers have no using-directives. Tests and benchmarks stand in whatever
namespace they are about, and their types are held against those of the rest.

usage: tools/check_types.py [ROOT]
"""

import re
import sys
from collections import defaultdict

import checking

# By folder; others of src/ are called what their folder is, and a level's folder (src/ir/hlo) too.
NAMESPACES = {
    "include/jaxsmith": "jaxsmith",
    "src/api": "jaxsmith",
    "src/base": "jaxsmith",
    "src/ir/common": "jaxsmith::ir",
    "src/levels": "jaxsmith::level",
    "tools/jaxsmith": "jaxsmith::cli",
}
RAW = r'R"(?P<mark>[^\s()\\]*)\(.*?\)(?P=mark)"'
LITERAL = r'"(?:[^"\\\n]|\\.)*"|(?<![0-9A-Fa-f])\'(?:[^\'\\\n]|\\.)+\''
IGNORED = re.compile(rf"/\*.*?\*/|//[^\n]*|{RAW}|{LITERAL}", re.DOTALL)
# What may look into every layer.
WATCHERS = ("tests/", "bench/")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
OPENED = re.compile(r"^(?:inline )?namespace(?P<name> [\w:]+)?$")
TYPE = re.compile(
    r"(?:^|[>;] ?|\]\] ?)(?:class|struct|union|enum(?: class| struct)?)"
    r"(?: \[\[.*?\]\])*(?: alignas ?\(.*?\))? (?P<name>[\w:]+(?: ?<[^{]*?>)?)(?: final)?(?: ?:[^:].*)?$"
)
ALIAS = re.compile(r"^(?:template ?<.*> )?using (?P<name>\w+) ?=|^typedef .*\b(?P<old>\w+)$")


def namespace_of(file):
    """The namespace of a file's layer, by its path below the root; None of what lies in no layer."""
    folder = "/".join(file.split("/")[: 3 if file.startswith("src/ir/") else 2])
    if folder in NAMESPACES:
        return NAMESPACES[folder]
    if file.startswith("src/") and folder != file:
        return "jaxsmith::" + folder.split("/")[-1]
    return None


def without_text(source):
    """A source without comments, literals and directives; newlines stay."""
    blank = IGNORED.sub(
        lambda m: '""' if m[0][0] in "R\"'" else " " + "\n" * m[0].count("\n"), source
    )
    return DIRECTIVE.sub("", blank)


def declarations(source):
    """Yields (scopes, what is opened or declared, its kind): namespaces and types as they are
    nested, using-directives. A scope is a namespace's or a class's name, "" of an anonymous
    namespace."""
    scopes, within = [], 0  # within: braces of functions and initialisers
    statement = ""
    for token in re.findall(r"[{};]|[^{};]+", without_text(source)):
        if token == "}":
            if within:
                within -= 1
            elif scopes:
                scopes.pop()
            statement = ""
        elif within:
            within += token == "{"
        elif token == ";":
            if alias := ALIAS.match(statement):
                yield tuple(scopes), alias["name"] or alias["old"], "type"
            elif statement.startswith("using namespace "):
                yield tuple(scopes), statement, "directive"
            statement = ""
        elif token == "{":
            if opened := OPENED.match(statement):
                name = (opened["name"] or "").strip()
                yield tuple(scopes), name, "namespace"
                scopes.append(name)
            elif defined := TYPE.search(statement):
                yield tuple(scopes), re.sub(r"\s+", "", defined["name"]), "type"
                scopes.append(defined["name"])
            else:
                within = 1
            statement = ""
        else:
            statement = " ".join((statement + token).split())
            statement = re.sub(r"^(?:(?:public|private|protected) ?: ?)+", "", statement)


def is_in(namespace, outer):
    return namespace == outer or namespace.startswith(outer + "::")


def sources(root):
    """Texts by paths below the root. Links (include/jaxsmith/status.h) are there under their own names."""
    for top in ("src", "tools", "include", *WATCHERS):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in {".h", ".cc"} and not path.is_symlink():
                yield path.relative_to(root).as_posix(), path.read_text()


def violations(root):
    """Yields a line for each name in a wrong namespace and each type that is defined twice."""
    files = dict(sources(root))
    layers = {namespace_of(file) for file in files} - {None}
    defined = defaultdict(set)
    for file, source in files.items():
        layer = namespace_of(file)
        if layer is None and not file.startswith(WATCHERS):
            yield f"{file}: lies in no layer"
            continue
        inner_layers = {
            other for other in layers if layer and other != layer and is_in(other, layer)
        }
        for scopes, name, kind in declarations(source):
            if kind == "type" and "" not in scopes:
                defined["::".join([*scopes, name])].add(file)
            if kind == "directive" and file.endswith(".h"):
                yield f"{file}: {name}: in a header it is everyone's; import names one by one"
            if not layer or scopes or kind == "directive":
                continue
            misplaced = not is_in(name, layer) or any(is_in(name, i) for i in inner_layers)
            if kind == "type" or misplaced:
                what = name or "an anonymous namespace"
                yield f"{file}: {what} stands outside {layer}, its layer's namespace"
    for name, places in sorted(defined.items()):
        if len(places) > 1:
            yield f"{name} is defined in {' and in '.join(sorted(places))}"


if __name__ == "__main__":
    sys.exit(checking.run(violations, checking.ROOT, __doc__))
