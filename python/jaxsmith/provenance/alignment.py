"""Which lines of a function's source the lines of its IR come from.

JAX keeps a Python traceback for each equation; lowering turns it into MLIR locations, and these
into HLO metadata. Here each level is read back, line by line, to frames of the user's files, and
the innermost frame within the function's own source text is what the line is aligned to.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jaxsmith import jax_private
from jaxsmith.provenance.source import SourceText
from jaxsmith.spans import Frame, Range, Span, Stack


@dataclass
class Located:
    """An operation's line and what it comes from: the stacks of its own, the operations that were
    fused into it; where these are not of the source, the calls of the computation that it is in."""

    line: int
    stacks: list[Stack] = field(default_factory=list)
    parts: list["Located"] = field(default_factory=list)
    calls: list["Located"] = field(default_factory=list)
    reason: str = "JAX gives no location for it"
    name: str = ""  # JAX's, a path: "jit(f)/while/body/add"


def spans(
    located: Iterable[Located], source: SourceText | None, whole: Iterable[Located] = ()
) -> list[Span]:
    """The operations' places in the source text. `whole`: operations of the level that these are
    made of, where only the beginnings of their own places can be relied upon."""
    resolver = _Resolver(source, whole)
    return [resolver.span(each) for each in located]


class _Resolver:
    def __init__(self, source: SourceText | None, whole: Iterable[Located]):
        self._source = source
        # Few stacks are shared by many lines.
        self._stacks: dict[int, Range | None] = {}
        self._places: dict[int, frozenset[Range]] = {}
        self._named: dict[tuple[int, str], frozenset[Range]] = {}
        # Of the level below, by where they begin: the places, by the names of what stands there.
        self._whole: dict[tuple[int, int], dict[str, set[Range]]] = {}
        for each in whole if source is not None else ():
            for stack in each.stacks:
                place = self._of_stack(stack)
                if place is not None:
                    begun = self._whole.setdefault(place[:2], {})
                    begun.setdefault(each.name, set()).add(place)

    def span(self, each: Located) -> Span:
        if self._source is None:
            return Span(each.line, "none", (), "the function has no source text")
        if len(each.stacks) == 1 and not each.parts and not each.calls:  # most of them
            places = tuple(sorted(self._whole_places(each.stacks[0], each.name)))
        else:
            places = tuple(sorted(self._all(each)))
        if places:
            return Span(each.line, "exact" if len(places) == 1 else "merged", places, "")
        if any(each.stacks):
            return Span(each.line, "none", (), "it comes from outside of the source text")
        return Span(each.line, "none", (), each.reason)

    def _all(self, each: Located) -> frozenset[Range]:
        known = self._places.get(id(each))
        if known is not None:
            return known
        self._places[id(each)] = frozenset()  # a computation that calls itself adds nothing
        places = self._own(each).union(*map(self._own, each.parts))
        calls = frozenset[Range]().union(*map(self._all, each.calls))
        # A function of JAX's own is traced once for all its callers and has no frames of theirs, and
        # one that a lowering rule makes has the first caller's at its borders: all calls count. A
        # function of the user's has places of its own.
        if places <= calls:
            places = calls
        self._places[id(each)] = places
        return places

    def _own(self, each: Located) -> frozenset[Range]:
        return frozenset[Range]().union(
            *(self._whole_places(stack, each.name) for stack in each.stacks)
        )

    def _whole_places(self, stack: Stack, name: str) -> frozenset[Range]:
        """Where an operation of this name with this stack is: several places where that does not
        tell which of those that begin there."""
        known = self._named.get((id(stack), name))
        if known is None:
            place = self._of_stack(stack)
            known = frozenset() if place is None else self._ends_of(place, name)
            self._named[id(stack), name] = known
        return known

    def _ends_of(self, place: Range, name: str) -> frozenset[Range]:
        begun = self._whole.get(place[:2])
        if begun is None:
            return frozenset((place,))
        # What is inlined has its callers' names before its own, what is within a call or a loop
        # has its own behind theirs: the longest says most.
        path = f"/{name}/"
        theirs = [each for each in begun if each and f"/{each}/" in path]
        longest = max(map(len, theirs), default=0)
        fitting = [each for each in theirs if len(each) == longest] or list(begun)
        return frozenset[Range]().union(*(begun[each] for each in fitting))

    def _of_stack(self, stack: Stack) -> Range | None:
        if id(stack) not in self._stacks:
            assert self._source is not None
            self._stacks[id(stack)] = _place(stack, self._source)
        return self._stacks[id(stack)]


def _place(stack: Stack, source: SourceText) -> Range | None:
    """The innermost frame in the source."""
    chosen = next((f for f in stack if source.place(f.file, f.line, f.column) is not None), None)
    if chosen is None:
        return None
    start = source.place(chosen.file, chosen.line, chosen.column)
    assert start is not None
    end = source.place(chosen.file, chosen.end_line, chosen.end_column) or start
    return Range(*start, *max(start, end))


# ---- jaxpr ---------------------------------------------------------------------------------------

_BINDS = re.compile(r"(?:(?:[a-z]\w*|_):\S+ )+= ")
_ACTS = re.compile(r"[a-z]\w*(?:-\w+)*(?:\[| [a-z]\w*\b(?! *=)|$)")
_DEFINES = re.compile(r"let (\w+) = \{ lambda")
_CALLS = re.compile(r"\bjaxpr=(\w+)\b")
_IN_A_PARAMETER = "JAX prints it as a parameter of an equation, without a location"
_TRACED_ONCE = "JAX's own function, traced once for all callers"


def locate_jaxpr(jaxpr: Any) -> tuple[str, list[Located]]:
    """`str(jaxpr)` of a ClosedJaxpr, and its equations by the lines that they start on.

    An equation within a call that has no frames of its own is where the call is: JAX traces its own
    jitted functions once for all callers.
    """
    text, line_map = jax_private.jaxpr_text_with_sources(jaxpr)
    out: list[Located] = []
    open_calls: list[tuple[int, Located]] = []
    definition = ""
    within: list[tuple[str, Located]] = []
    calls: dict[str, list[Located]] = {}
    frames: dict[Any, Stack] = {}
    for number, (line, regions) in enumerate(
        zip(text.split("\n"), line_map, strict=False), start=1
    ):
        defined = _DEFINES.search(line)
        if defined:
            definition = defined[1]
        if regions is None:
            if _BINDS.match(line.lstrip()):
                calls_it = [open_calls[-1][1]] if open_calls else []
                out.append(Located(number, calls=calls_it, reason=_IN_A_PARAMETER))
            continue
        if not regions:
            if line.endswith("} in"):
                definition = ""
            continue
        for place, (column, end, traceback) in enumerate(regions):
            # Of several equations on a line, each has a region; what is within them has none.
            stripped = line[column:end] if len(regions) > 1 else line[column:]
            while place == 0 and open_calls and open_calls[-1][0] >= column:
                if stripped.startswith(("]", ")")):
                    break
                open_calls.pop()
            if not (_BINDS.match(stripped) or _ACTS.match(stripped)) or stripped.startswith("in ("):
                continue
            if traceback not in frames:
                frames[traceback] = jax_private.user_frames(traceback)
            own = frames[traceback]
            located = Located(number, [own] if own else [], reason=_TRACED_ONCE)
            out.append(located)
            if open_calls:
                located.calls.append(open_calls[-1][1])
            elif definition:
                within.append((definition, located))
            open_calls.append((column, located))
            names = _CALLS.findall(stripped)
            # A call's parameters may stand on lines of their own.
            if stripped.rstrip().endswith("["):
                names += _following_calls(text, number, column)
            for name in names:
                calls.setdefault(name, []).append(located)
    for name, located in within:
        located.calls += calls.get(name, [])
    return text, out


def _following_calls(text: str, number: int, column: int) -> list[str]:
    names = []
    for line in text.split("\n")[number:]:
        if line[column : column + 1] == "]":
            break
        names += _CALLS.findall(line)
    return names


# ---- StableHLO -----------------------------------------------------------------------------------

_NO_OPERATION = re.compile(r"\}|\^|cond \{|reducer\(|\)|#|\{-#|$")
_SYMBOL = re.compile(r"@(\w+)")
_DEFINITION = re.compile(r"^(#loc\d*) = loc\((.*)\)$", re.MULTILINE)


def locate_stablehlo(text: str, with_locations: str) -> list[Located]:
    """Operations by the lines of a module's text, from the same module printed with debug
    information."""
    definitions = dict(_DEFINITION.findall(with_locations))
    body = [line for line in with_locations.split("\n") if not line.startswith("#loc")]
    plain = text.split("\n")
    cache: dict[str, list[Stack]] = {}
    out: list[Located] = []
    opened: list[Located] = []
    function = ""
    inside: list[tuple[str, Located]] = []
    calls: dict[str, list[Located]] = {}
    for number, (line, expected) in enumerate(zip(body, plain, strict=False), start=1):
        at = line.rfind(" loc(")
        if at >= 0 and line[:at] == expected and line[-1] == ")":  # most lines: one, at the end
            last: str | None = line[at + 5 : -1]
        elif line == expected:
            last = None
        else:
            bare, last = _without_locations(line)
            if bare != expected:
                break
        stripped = expected.strip()
        operation = _NO_OPERATION.match(stripped) is None
        if operation and not stripped.startswith(("module", "func.func")):
            located = Located(number)
            out.append(located)
            inside.append((function, located))
            for name in _SYMBOL.findall(stripped) if "call" in stripped else ():
                calls.setdefault(name, []).append(located)
        elif operation:
            located = Located(number)  # a module or a function, which is no operation of the user's
            function = next(iter(_SYMBOL.findall(stripped)), "")
        else:
            located = None
        if located is not None and last is None:
            opened.append(located)
        elif last is not None and stripped.startswith(("}", ")")) and opened:
            located = opened.pop()
        if located is not None and last is not None:
            located.stacks = _stacks(last, definitions, cache)
            located.name = _name_of(last, definitions)
    for name, located in inside:
        located.calls = calls.get(name, [])
    return out


def _without_locations(line: str) -> tuple[str, str | None]:
    """A line without its `loc(…)`s, and the content of the one at its end."""
    out, at, last = [], 0, None
    while (found := line.find(" loc(", at)) >= 0:
        end = _closing(line, found + 4)
        if end < 0:
            break
        out.append(line[at:found])
        last = line[found + 5 : end] if end == len(line) - 1 else None
        at = end + 1
    out.append(line[at:])
    return "".join(out), last


def _closing(text: str, opening: int) -> int:
    """Position of the bracket that closes the one at `opening`; strings are skipped."""
    depth, at, quoted = 0, opening, False
    while at < len(text):
        c = text[at]
        if quoted:
            if c == "\\":
                at += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c in "([{<":
            depth += 1
        elif c in ")]}>" and text[at - 1] != "-":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


_FILE = re.compile(r'"((?:[^"\\]|\\.)*)":(\d+):(\d+)(?: to (?:(\d+))?:(\d+))?$')
_NAME = re.compile(r'"(?:[^"\\]|\\.)*"')


def _stacks(
    location: str, definitions: dict[str, str], cache: dict[str, list[Stack]]
) -> list[Stack]:
    """The stacks of an MLIR location: file, name, callsite, fused, alias."""
    location = location.strip()
    if location in cache:
        return cache[location]
    cache[location] = []  # a location that names itself has no frames
    found: list[Stack] = []
    if location.startswith("#"):
        found = _stacks(definitions.get(location, "unknown"), definitions, cache)
    elif location.startswith("callsite("):
        callee, caller = _split(location[9:-1], " at ")
        outer = _stacks(caller, definitions, cache) or [()]
        inner = _stacks(callee, definitions, cache) or [()]
        found = [i + o for i in inner for o in outer if i or o]
    elif location.startswith("fused"):
        parts = location[location.rfind("[") + 1 : -1]
        for part in _parts(parts):
            found += _stacks(part, definitions, cache)
    elif match := _FILE.match(location):
        line, column = int(match[2]), int(match[3])
        end_line = int(match[4]) if match[4] else line
        end_column = int(match[5]) if match[5] else column
        found = [(Frame(match[1], line, column, end_line, end_column, ""),)]
    elif match := _NAME.match(location):
        rest = location[match.end() :]
        if rest.startswith("("):
            # The innermost name around a place is its function's.
            name = match[0][1:-1]
            found = [
                tuple(f if f.function else f._replace(function=name) for f in stack)
                for stack in _stacks(rest[1:-1], definitions, cache)
            ]
    cache[location] = found
    return found


def _name_of(location: str, definitions: Mapping[str, str]) -> str:
    """The outermost name of an MLIR location, which HLO has as its `op_name`."""
    location = location.strip()
    seen: set[str] = set()
    while location.startswith("#") and location not in seen:
        seen.add(location)
        location = definitions.get(location, "")
    named = _NAME.match(location)
    return "" if named is None or _FILE.match(location) else named[0][1:-1]


def _split(text: str, separator: str) -> tuple[str, str]:
    """The two sides of a separator outside of brackets and strings."""
    at = 0
    while at < len(text):
        if text.startswith(separator, at):
            return text[:at], text[at + len(separator) :]
        if text[at] in "([{<":
            at = max(at, _closing(text, at))
        elif text[at] == '"':
            at = text.index('"', at + 1)
        at += 1
    return text, ""


def _parts(text: str) -> list[str]:
    parts = []
    while text:
        part, text = _split(text, ", ")
        parts.append(part)
    return parts


# ---- HLO -----------------------------------------------------------------------------------------

_TABLES = ("FileNames", "FunctionNames", "FileLocations", "StackFrames")
_NUMBERS = re.compile(r"(\w+)=(\d+)")
# Name, type (a tuple's may hold blanks and comments), opcode.
_INSTRUCTION = re.compile(r"\s+(?:ROOT )?%?[\w.-]+ = (?:\(.*?\)|\S+) ([a-z][\w-]*)\(")
_COMPUTATION = re.compile(r"(?:ENTRY )?%?([\w.-]+)(?: \(.*)? ?\{$")
_CALLED = re.compile(
    r"\b(?:to_apply|calls|body|condition|true_computation|false_computation)=%?([\w.-]+)"
)
_BRANCHES = re.compile(r"\b(?:branch_computations|called_computations)=\{([^}]*)\}")
_FRAME = re.compile(r"\bstack_frame_id=(\d+)")
_OP_NAME = re.compile(r'\bop_name="((?:[^"\\]|\\.)*)"')
_VALUES = re.compile(r"(?<![\w.{=-])%?([A-Za-z_][\w.-]*)(?= =|[,)])")
_SILENT = {"parameter", "constant", "tuple", "get-tuple-element"}


def locate_hlo(text: str, with_metadata: str) -> list[Located]:
    """Instructions by the lines of a module's text, from the same module printed with metadata.

    A fusion comes from all places that its instructions come from; an instruction without a
    location is where its computation is called. XLA keeps one end for all places of a function that
    begin together, as those of `a * b` and `a * b + c` do: `spans` is to be given what the module was
    made of.
    """
    tables, body = _read_tables(with_metadata)
    plain = text.split("\n")
    frames = _stack_frames(tables)
    out: list[Located] = []
    members: dict[str, list[Located]] = {}
    callers: dict[str, list[Located]] = {}
    fusions: list[tuple[Located, list[str]]] = []
    factors: dict[tuple[str, str], Located] = {}
    computation = ""
    for number, line, metadata in _matching_lines(plain, body):
        instruction = _INSTRUCTION.match(line)
        if instruction is None:
            header = _COMPUTATION.match(line)
            if header:
                computation = header[1]
            continue
        opcode = instruction[1]
        frame = _FRAME.search(metadata) if metadata else None
        stack = frames.get(int(frame[1]), ()) if frame else ()
        # An element of an operation's results has that operation's metadata.
        silent = opcode in _SILENT and not (opcode == "get-tuple-element" and metadata)
        reason = f"XLA gives no location for a {opcode}" if silent else "XLA made it"
        named = _OP_NAME.search(metadata) if metadata else None
        name = named[1] if named else ""
        located = Located(number, [stack] if stack else [], reason=reason, name=name)
        out.append(located)
        members.setdefault(computation, []).append(located)
        if silent:
            continue
        _relate_factored(located, opcode, computation, line, factors)
        located.calls = callers.setdefault(computation, [])
        if "=%" not in line and "=" not in line[instruction.end() :]:
            continue
        called = _CALLED.findall(line)
        for branches in _BRANCHES.findall(line):
            called += [name.strip().lstrip("%") for name in branches.split(",")]
        if opcode == "fusion":
            fusions.append((located, called))
        else:
            for name in called:
                callers.setdefault(name, []).append(located)
    for located, fused in fusions:
        located.parts = [part for name in fused for part in members.get(name, [])]
    return out


def _relate_factored(
    located: Located,
    opcode: str,
    computation: str,
    line: str,
    factors: dict[tuple[str, str], Located],
) -> None:
    """Of `k * x + k * y` XLA makes `k * (x + y)`: its sum has the place of a product then, and its
    product that of the sum. Neither is what is written there, so both have both places. `factors`:
    such sums by computation and name, to which this instruction adds itself."""
    traced_as = located.name.rpartition("/")[2]
    is_sum = opcode in ("add", "subtract") and traced_as in ("mul", "div")
    is_product = opcode in ("multiply", "divide") and traced_as in ("add", "sub")
    if not is_sum and not is_product:
        return
    defined, *operands = _VALUES.findall(line)
    for operand in operands:
        factor = factors.get((computation, operand))
        if factor is not None:
            located.parts.append(factor)
            factor.parts.append(located)
    if is_sum:
        factors[computation, defined] = located


def _matching_lines(plain: list[str], body: list[str]) -> Iterable[tuple[int, str, str]]:
    """Numbers (from 1) and lines of the plain text, with the metadata that the other print has there.
    The header is the only line that may differ."""
    start = next((i for i, line in enumerate(plain[1:], start=1) if line.strip()), len(plain))
    offset = next((i for i, line in enumerate(body) if line.strip()), 0)
    for number, line in zip(range(start, len(plain)), body[offset:], strict=False):
        expected = plain[number]
        if line == expected:
            yield number + 1, expected, ""
            continue
        bare, metadata = _without_metadata(line)
        if bare != expected:
            return
        yield number + 1, expected, metadata


def _read_tables(text: str) -> tuple[dict[str, list[str]], list[str]]:
    """The tables behind the header, and the lines behind them."""
    lines = text.split("\n")
    tables: dict[str, list[str]] = {}
    at = 1
    while at < len(lines):
        name = lines[at].strip()
        if name in _TABLES:
            at += 1
            rows: list[str] = []
            while at < len(lines) and lines[at].strip():
                rows.append(lines[at])
                at += 1
            tables[name] = rows
        elif name:
            break
        else:
            at += 1
    return tables, lines[at:]


def _stack_frames(tables: dict[str, list[str]]) -> dict[int, Stack]:
    files = {}
    for row in tables.get("FileNames", []):
        number, _, name = row.partition(" ")
        files[int(number)] = name.strip()[1:-1]
    functions = {}
    for row in tables.get("FunctionNames", []):
        number, _, name = row.partition(" ")
        functions[int(number)] = name.strip()[1:-1]
    places = {}
    for row in tables.get("FileLocations", []):
        n = {key: int(value) for key, value in _NUMBERS.findall(row)}
        line = n.get("line", 0)
        places[int(row.split(" ", 1)[0])] = Frame(
            files.get(n.get("file_name_id", 0), ""),
            line,
            n.get("column", 0),
            n.get("end_line", line),
            n.get("end_column", 0),
            functions.get(n.get("function_name_id", 0), ""),
        )
    parents: dict[int, tuple[int, int]] = {}
    for row in tables.get("StackFrames", []):
        n = {key: int(value) for key, value in _NUMBERS.findall(row)}
        # XLA counts parents from 1 on, so that 1 is none (xla/service/hlo.proto).
        parents[int(row.split(" ", 1)[0])] = (
            n.get("file_location_id", 0),
            n.get("parent_frame_id", 1) - 1,
        )
    stacks: dict[int, Stack] = {}
    for start in parents:
        stack: list[Frame] = []
        frame = start
        while frame in parents and len(stack) < 100:
            place, frame = parents[frame]
            if place in places:
                stack.append(places[place])
        stacks[start] = tuple(stack)
    return stacks


_METADATA = re.compile(r', metadata=\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\}')


def _without_metadata(line: str) -> tuple[str, str]:
    if ", metadata={" not in line:
        return line, ""
    found = _METADATA.search(line)
    if found is None:
        return line, ""
    return line[: found.start()] + line[found.end() :], found[0]


def as_json(found: Sequence[Span]) -> list[list[Any]]:
    """Spans as a record holds them."""
    return [[s.line, s.kind, [list(r) for r in s.sources], s.reason] for s in found]
