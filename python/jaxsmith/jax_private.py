"""Every name of JAX and jaxlib that is not public and that jaxsmith uses, each with its purpose.

The rest of the package uses JAX's public names and this module. `tests/test_jax_private.py` has a
test for each name here, so that another JAX version fails there, by name, before it gives wrong
rows.
"""

import functools
import inspect
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
from jax._src import (
    api_util,
    compiler,
    config,
    core,
    pretty_printer,
    sharding_impls,
    source_info_util,
    traceback_util,
)
from jax._src.interpreters import ad, mlir, pxla
from jax._src.interpreters import partial_eval as pe
from jaxlib import _hlo, _jax, lapack
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import func

from jaxsmith.spans import Frame

# Errors of XLA's compiler and runtime (public as jax.errors.JaxRuntimeError).
XlaError = jax.errors.JaxRuntimeError
# Errors of MLIR's parser and verifier.
MlirError = ir.MLIRError

_NAMES = tuple(
    (holder, name)
    for holder, names in (
        (_hlo, "HloModule HloPrintOptions hlo_module_from_text"),
        (_jax, "DeviceList batched_device_put hlo_module_cost_analysis TracebackScope"),
        (compiler, "get_compile_options"),
        (sharding_impls, "UnspecifiedValue"),
        (
            mlir,
            "ModuleContext make_ir_context merge_mlir_modules _cached_lowering_miss _emit_cached_call",
        ),
        (
            source_info_util,
            "reset_name_stack _source_info_context register_exclusion is_user_filename user_frames",
        ),
        (ad, "_linearize_jaxpr"),
        (pe, "trace_to_jaxpr_dynamic"),
        (ir, "Module InsertionPoint"),
        (func, "FuncOp"),
        (lapack._lapack, "initialize"),
        (api_util, "infer_argnums_and_argnames"),
        (core.Jaxpr, "pretty_print"),
        (config, "trace_context config_ext"),
        (core, "jaxprs_in_params"),
        (pretty_printer, "_PPRINT_USE_COLOR"),
        (traceback_util, "register_exclusion"),
        (pxla, "lower_sharding_computation MeshComputation"),
    )
    for name in names.split()
)

# Our own frames are no more the user's than JAX's are: without this, locations would name them.
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
source_info_util.register_exclusion(_PACKAGE)
# And where JAX filters its frames out of a traceback, ours go as well.
traceback_util.register_exclusion(_PACKAGE)


def missing() -> list[str]:
    """Names of `_NAMES` that this JAX does not have."""
    return [f"{o.__name__}.{n}" for o, n in _NAMES if not hasattr(o, n)]


# ---- Locations -----------------------------------------------------------------------------------


class _NoContext:
    """Within it, no equation is being worked on and no name scope is open: what is traced has
    the tracebacks and names of its own making. It stands for `reset_name_stack`, which leaves the
    equation."""

    def __enter__(self) -> None:
        self._outer = source_info_util._source_info_context.context
        source_info_util._source_info_context.context = source_info_util.new_source_info()

    def __exit__(self, *error: Any) -> None:
        source_info_util._source_info_context.context = self._outer


def _root_tracebacks() -> None:
    """Has the tracebacks of a jaxpr's equations begin where that jaxpr is traced.

    JAX keeps the jaxprs of its own functions, of derivatives and of lowering rules for all that
    call them, and cuts tracebacks at that border (`TracebackScope`), so that they hold nothing of
    the first caller. It does not where it evaluates an equation (in a derivative, in a lowering
    rule): there the equation's traceback stands in for the true one, and came into everything that
    was traced beneath it for the first time; nor where it linearises a jaxpr. Later callers, of the
    same function or of another, were then said to come from where the first one stood.
    """
    linearize = ad._linearize_jaxpr

    @functools.wraps(linearize)
    def rooted_linearize(*arguments: Any, **keywords: Any) -> Any:
        with _NoContext(), _jax.TracebackScope():
            return linearize(*arguments, **keywords)

    source_info_util.reset_name_stack = _NoContext
    ad._linearize_jaxpr = rooted_linearize


_root_tracebacks()


# ---- Settings ------------------------------------------------------------------------------------


def thread_settings() -> Any:
    """What this thread's settings are as far as they show in what is traced, to be compared."""
    return config.trace_context(), source_info_util._source_info_context.context.name_stack


def reset_thread_settings() -> None:
    """Leaves all contexts that this thread has entered, such as `jax.default_matmul_precision`,
    meshes and name scopes."""
    unset = config.config_ext.unset
    for state in vars(config).values():
        if isinstance(state, config.config_ext.Config) and state.get_local() is not unset:
            state.set_local(unset)
    source_info_util._source_info_context.context = source_info_util.new_source_info()


# ---- Tracing -------------------------------------------------------------------------------------


def static_arguments(
    function: Callable, argnums: Any, argnames: Any
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Positions and names of the static arguments as `jax.jit` takes them: one of the two implies
    the other where the function has a signature."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        signature = inspect.Signature()
    return api_util.infer_argnums_and_argnames(signature, argnums, argnames)


def without_color() -> AbstractContextManager[None]:
    """Within it JAX prints without colours, in this thread. It colours where standard output is a
    terminal or a notebook's, and a parameter that an equation prints by its `str` cannot be told."""
    return pretty_printer._PPRINT_USE_COLOR(False)


def jaxpr_text(closed: Any) -> str:
    """`str(jaxpr)` without colours. Some equations' own printing rules fail on parameters that JAX itself leaves
    out (`lax.mul` and its like, called by `bind`): such a jaxpr is printed without these rules."""
    with without_color():
        try:
            return str(closed)
        except Exception:
            return closed.jaxpr.pretty_print(custom_pp_eqn_rules=False)


def jaxpr_text_with_sources(closed: Any) -> tuple[str, list[list[tuple[int, int, Any]] | None]]:
    """`jaxpr_text`, and for each line the regions (first column, end, traceback) of equations; None
    for a line within a parameter of several lines, of which the printer knows nothing."""
    sources: list[list[tuple[int, int, Any]]] = []
    with without_color():
        try:
            printed = closed.jaxpr.pretty_print(source_map=sources)
        except Exception:
            sources.clear()
            printed = closed.jaxpr.pretty_print(source_map=sources, custom_pp_eqn_rules=False)
        if len(sources) == printed.count("\n") + 1:
            return printed, list(sources)
        within = _lines_within_parameters(printed, closed.jaxpr)
    known = iter(sources)
    return printed, [
        None if number in within else next(known, None) for number in range(printed.count("\n") + 1)
    ]


def _lines_within_parameters(printed: str, jaxpr: Any) -> set[int]:
    """Lines, from 0, that go on with a parameter that was printed by its own `str`."""
    found: set[int] = set()
    parameters = (p for equation in _equations(jaxpr) for p in equation.params.values())
    for text in {str(p) for p in parameters if _is_printed_by_str(p)}:
        lines = text.count("\n")
        start = printed.find(text) if lines else -1
        while start >= 0:
            first = printed.count("\n", 0, start)
            found.update(range(first + 1, first + 1 + lines))
            start = printed.find(text, start + len(text))
    return found


def _equations(jaxpr: Any) -> Iterator[Any]:
    """Those of a jaxpr and of the jaxprs within it, of each jaxpr once."""
    waiting, seen = [jaxpr], set()
    while waiting:
        current = waiting.pop()
        if id(current) not in seen:
            seen.add(id(current))
            for equation in current.eqns:
                waiting += core.jaxprs_in_params(equation.params)
                yield equation


def _is_printed_by_str(parameter: Any) -> bool:
    """Whether the printer of equations has no form of its own for it, as for a jaxpr."""
    kinds = (core.Jaxpr, core.ClosedJaxpr)
    if type(parameter) is tuple:
        return not all(isinstance(p, kinds) for p in parameter)
    return not isinstance(parameter, kinds)


def user_frames(traceback: Any) -> tuple[Frame, ...]:
    """The user's frames of an equation's traceback, the innermost first, as spans.Frame."""
    return tuple(
        Frame(f.file_name, f.start_line, f.start_column, f.end_line, f.end_column, f.function_name)
        for f in source_info_util.user_frames(traceback)
    )


def is_user_file(file: str) -> bool:
    """Whether JAX takes a file for the user's: not its own, not the standard library's."""
    return source_info_util.is_user_filename(file)


def key_words(key: Any) -> Any:
    """The words of an array of random keys, without running anything: `jax.random.key_data` is an
    operation that JAX compiles."""
    return key._base_array


def calls_jaxprs(equation: Any) -> bool:
    """Whether an equation has jaxprs of its own: a call, a loop, a custom derivative."""
    return any(True for _ in core.jaxprs_in_params(equation.params))


def source_info(closed: Any) -> str:
    """Where the traced function stands: "name at file:line"."""
    return str(closed.jaxpr.debug_info.func_src_info)


def constants(closed: Any) -> list[Any]:
    """Values of the variables before a jaxpr's semicolon: its own, then those of the jaxprs within,
    in the order in which they are first come by, parameters by name. One that is printed once
    counts once; one that carries no values ends the list before those within."""
    found: list[Any] = []
    seen: set[Any] = set()

    def visit(jaxpr: Any) -> None:
        for equation in jaxpr.eqns:
            for _, value in sorted(equation.params.items()):
                for inner in value if type(value) is tuple else (value,):
                    if isinstance(inner, core.ClosedJaxpr):
                        body, values = inner.jaxpr, inner.consts
                    elif isinstance(inner, core.Jaxpr):
                        body, values = inner, []
                    else:
                        continue
                    if body in seen:
                        continue
                    seen.add(body)
                    if len(values) != len(body.constvars):
                        raise _Unknown
                    found.extend(values)
                    visit(body)

    try:
        visit(closed.jaxpr)
    except _Unknown:
        found.clear()
    return [*closed.consts, *found]


class _Unknown(Exception):
    """A jaxpr within another has constants whose values it does not carry."""


def argument_names(closed: Any) -> list[str]:
    """Paths of the flat arguments in the function's own terms: "x", "params['w']"; empty where JAX
    does not know them."""
    count = len(closed.in_avals)
    try:
        return [str(name or "") for name in closed.jaxpr.debug_info.safe_arg_names(count)]
    except AssertionError:
        return [""] * count


def result_names(closed: Any) -> list[str]:
    """Paths of the flat results: "result", "result[0]['w']"."""
    count = len(closed.out_avals)
    try:
        return [str(name or "") for name in closed.jaxpr.debug_info.safe_result_paths(count)]
    except AssertionError:
        return [""] * count


# ---- Watching what a program compiles ------------------------------------------------------------

# Is told how a compilation went: the executable, or what was raised.
Done = Callable[[Any | None, BaseException | None], None]
# Is told of a computation that is about to be compiled: its jaxpr (None where it was lowered before
# anybody watched), the lowering (None where JAX has failed to lower it) and its name. Gives whom to
# tell how it went.
Watcher = Callable[[Any | None, Any | None, str], Done]


def watch_compilations(watcher: Watcher) -> Callable[[], None]:
    """Has `watcher` told of everything that JAX compiles from now on, before it does, since XLA may
    end the process; gives what ends that.

    Watchers may begin and end in any order, on any threads: JAX's functions are wrapped once for all
    of them, and are the original objects again when the last has ended.
    """
    return _watching.begin(watcher)


class _Watching:
    """Who is told of compilations. All of JAX's routes (jit, pmap, eager primitives, ahead-of-time)
    lower by `pxla.lower_sharding_computation` and compile by `pxla.MeshComputation.compile`."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []
        self._put_back: Callable[[], None] | None = None
        # Reentrant: what a generator holds open is ended by the garbage collector, at any time.
        self._lock = threading.RLock()

    def begin(self, watcher: Watcher) -> Callable[[], None]:
        def told(jaxpr: Any, lowering: Any, name: str) -> Done:  # told from others of this watcher
            return watcher(jaxpr, lowering, name)

        with self._lock:
            self._watchers.append(told)
            if self._put_back is None:
                self._put_back = self._wrap()
        return lambda: self._end(told)

    def _end(self, told: Watcher) -> None:
        with self._lock:
            if told in self._watchers:
                self._watchers.remove(told)
            if not self._watchers and self._put_back is not None:
                put_back, self._put_back = self._put_back, None
                put_back()

    def _wrap(self) -> Callable[[], None]:
        """Puts wrappers in the place of JAX's functions; gives what takes them away again."""
        lower, compile_ = pxla.lower_sharding_computation, pxla.MeshComputation.compile

        @functools.wraps(lower)
        def watched_lower(
            closed_jaxpr: Any, api_name: str, fun_name: str, *arguments: Any, **keywords: Any
        ) -> Any:
            try:
                computation = lower(closed_jaxpr, api_name, fun_name, *arguments, **keywords)
            except BaseException as error:
                self._failed(closed_jaxpr, f"{api_name}({fun_name})", error)
                raise
            computation.jaxsmith_jaxpr = closed_jaxpr
            return computation

        @functools.wraps(compile_)
        def watched_compile(computation: Any, *arguments: Any, **keywords: Any) -> Any:
            if not self._watchers:
                put_back()
            return self._compile(compile_, computation, *arguments, **keywords)

        def put_back() -> None:
            # Somebody may have wrapped them once more: then ours stay below, and do nothing, until
            # they are on top again.
            if pxla.lower_sharding_computation is watched_lower:
                pxla.lower_sharding_computation = lower
            if pxla.MeshComputation.compile is watched_compile:
                pxla.MeshComputation.compile = compile_

        pxla.lower_sharding_computation = watched_lower
        pxla.MeshComputation.compile = watched_compile
        return put_back

    def _tell(self, jaxpr: Any | None, lowering: Any | None, name: str) -> list[Done]:
        return [told(jaxpr, lowering, name) for told in list(self._watchers)]

    def _failed(self, jaxpr: Any, name: str, error: BaseException) -> None:
        """Of a lowering; wrappers of an earlier watch may stand below, and have told already."""
        if getattr(error, "jaxsmith_jaxpr", None) is not jaxpr:
            error.jaxsmith_jaxpr = jaxpr
            for done in self._tell(jaxpr, None, name):
                done(None, error)

    def _compile(
        self, compile_: Callable, computation: Any, *arguments: Any, **keywords: Any
    ) -> Any:
        if getattr(computation, "jaxsmith_tells", False):  # a wrapper above does
            return compile_(computation, *arguments, **keywords)
        jaxpr, known = getattr(computation, "jaxsmith_jaxpr", None), computation._executable
        # One that was compiled before is compiled once more only for other options.
        dones = self._tell(jaxpr, computation, computation._name) if known is None else None
        computation.jaxsmith_tells = True
        try:
            executable = compile_(computation, *arguments, **keywords)
        except BaseException as error:
            for done in dones or ():
                done(None, error)
            raise
        finally:
            computation.jaxsmith_tells = False
        if executable is not known:
            if dones is None:
                dones = self._tell(jaxpr, computation, computation._name)
            for done in dones:
                done(executable, None)
        return executable


_watching = _Watching()


class Computation:
    """What is known of a lowered computation (`pxla.MeshComputation`) and of its executable."""

    def __init__(self, lowering: Any, executable: Any | None):
        self._lowering, self._executable = lowering, executable
        arguments = lowering.compile_args
        self.name: str = lowering._name
        hoisted = len(lowering.const_args)
        # Which arguments of the function the module still has: unused ones are dropped by jax.jit.
        self.kept = sorted(int(i) - hoisted for i in arguments["kept_var_idx"] if i >= hoisted)
        self.devices = int(arguments["num_devices"])
        # Why the module's text alone cannot be run again; empty where it can.
        self.bound = ""
        if arguments["host_callbacks"] or arguments["keepalive"]:
            self.bound = "it calls back into Python"
        elif self.devices > 1:
            self.bound = "it runs on several devices"
        elif hoisted or arguments["mut"] is not None or arguments["ordered_effects"]:
            self.bound = "it has state besides its arguments"

    def cost_analysis(self) -> dict[str, float]:
        return self._executable.cost_analysis() or {}


def computation_of(
    lowered: jax.stages.Lowered, compiled: jax.stages.Compiled | None
) -> Computation:
    """The same of the public stages."""
    return Computation(lowered._lowering, None if compiled is None else compiled._executable)


class WatchedStages:
    """What is being compiled, by the names of the public stages: `traced.jaxpr`, `lowered.as_text`,
    `compiled.runtime_executable`. None where it has not come so far."""

    def __init__(self, closed: Any, lowering: Any | None, executable: Any | None):
        self.traced = SimpleNamespace(jaxpr=closed)
        self.lowered, self.compiled = lowering, executable


# ---- Lowering ------------------------------------------------------------------------------------


def new_context(threads: bool = True) -> ir.Context:
    """An MLIR context that has all dialects of JAX loaded. Making one takes about 2 ms."""
    context = mlir.make_ir_context()
    if not threads:
        context.enable_multithreading(False)
    return context


@contextmanager
def lowering_into(context: ir.Context, shared: dict) -> Iterator[None]:
    """Within it, JAX lowers into `context` instead of one context a function, and takes the bodies
    of inlined lowering rules from `shared`, where they stand from earlier functions.

    `mlir.ModuleContext` is what a lowering makes first: its `lowering_cache` maps an equation's key
    to the function that holds its lowering. Cached bodies do not depend on jax_enable_x64 in JAX's
    key, because JAX keeps them for one module only: the caller gives one `shared` for each setting.
    """
    original = mlir.ModuleContext

    class ModuleContext(original):
        def __init__(self, **arguments):
            if arguments.get("context") is None and arguments.get("lowering_cache") is None:
                arguments["context"] = context
                arguments["lowering_cache"] = _SharedBodies(shared)
            original.__init__(self, **arguments)

    mlir.ModuleContext = ModuleContext
    try:
        yield
    finally:
        mlir.ModuleContext = original


class _SharedBodies(dict):
    """A module's own lowering cache that falls back on the bodies shared by many modules."""

    def __init__(self, shared: dict):
        super().__init__()
        self._shared = shared

    def get(self, key, default=None):
        found = dict.get(self, key)
        return self._shared.get(key, default) if found is None else found

    def __setitem__(self, key, value):
        dict.__setitem__(self, key, value)
        if value.inline and not value.const_args and not key.effects and _stands_alone(value.func):
            self._shared[key] = value


def _stands_alone(operation) -> bool:
    """Whether a body refers to nothing of the module that it was made in."""
    for region in operation.operation.regions:
        for block in region:
            for child in block:
                if child.operation.name in _REFERRING or child.operation.name.startswith("sdy."):
                    return False
                if len(child.operation.regions) and not _stands_alone(child):
                    return False
    return True


# Custom calls may refer to callbacks and to other functions of their module; few are worth sharing.
_REFERRING = {"func.call", "call", "stablehlo.composite", "stablehlo.custom_call"}


class Lowering:
    """What is known of a `jax.stages.Lowered` beside its public face."""

    def __init__(self, lowered: jax.stages.Lowered):
        inner = lowered._lowering
        arguments = inner.compile_args
        self.module: ir.Module = inner.stablehlo()
        # Captured constants that are hoisted to leading arguments (none at the default
        # configuration).
        hoisted = len(inner.const_args)
        # Which arguments of the function the module still has: unused ones are dropped by jax.jit.
        self.kept = sorted(i - hoisted for i in arguments["kept_var_idx"] if i >= hoisted)
        self.results: int = len(arguments["global_out_avals"])
        # One device, no callbacks into Python, no tokens, no shardings asked for: all that the
        # chunk route knows how to compile by itself.
        self.simple: bool = (
            arguments["num_devices"] == 1
            and not hoisted
            and not arguments["host_callbacks"]
            and not arguments["keepalive"]
            and not arguments["ordered_effects"]
            and not arguments["tuple_args"]
            and arguments["mut"] is None
            and all(_unspecified(arguments[name]) for name in ("in_shardings", "out_shardings"))
        )


def _unspecified(shardings: Iterable) -> bool:
    return all(isinstance(sharding, sharding_impls.UnspecifiedValue) for sharding in shardings)


@contextmanager
def naming_of_rules(closed: core.ClosedJaxpr) -> Iterator[None]:
    """Within it, lowering `closed` names the arguments of inner functions as JAX alone does.

    What is traced while a rule lowers an equation has that equation's traceback in JAX; here it has
    none (`_root_tracebacks`). Where such an equation becomes a function of its own, JAX gives its
    arguments and its calls the place of the traceback, of which XLA takes the name of the user's
    function for instructions ("loss.1" instead of "Arg_0.1"). They get the name here, and no place.
    What a rule takes over from the function, such as the body of a loop, keeps its own tracebacks.
    """
    # By the ids of tracebacks, which are kept so that no other comes to have the id: an equation that
    # is made by evaluating another one, as for `vmap`, has the traceback of that one.
    names: dict[int, tuple[Any, str | None]] = {
        id(equation.source_info.traceback): (equation.source_info.traceback, None)
        for equation in _equations(closed.jaxpr)
    }
    within: list[str | None] = [None]

    def named_trace(function: Any, *arguments: Any, **keywords: Any) -> Any:
        traced = trace(function, *arguments, **keywords)
        if function.debug_info.traced_for == "lower_fun":
            place = source_info_util._source_info_context.context.traceback
            frame = source_info_util.user_frame(place)
            name = within[-1] if frame is None else frame.function_name
            for equation in _equations(traced[0]) if name is not None else ():
                traceback = equation.source_info.traceback
                names.setdefault(id(traceback), (traceback, name))
        return traced

    def named(
        lower: Callable, context: Any, equation: Any, /, *arguments: Any, **keywords: Any
    ) -> Any:
        within.append(names.get(id(equation.source_info.traceback), (None, None))[1])
        try:
            with _named_where_unknown(ir.Location.current, within[-1]):
                return lower(context, equation, *arguments, **keywords)
        finally:
            within.pop()

    trace, miss, call = (
        pe.trace_to_jaxpr_dynamic,
        mlir._cached_lowering_miss,
        mlir._emit_cached_call,
    )
    pe.trace_to_jaxpr_dynamic = named_trace
    mlir._cached_lowering_miss = functools.partial(named, miss)
    mlir._emit_cached_call = functools.partial(named, call)
    try:
        yield
    finally:
        pe.trace_to_jaxpr_dynamic = trace
        mlir._cached_lowering_miss, mlir._emit_cached_call = miss, call


def _named_where_unknown(location: ir.Location, name: str | None) -> ir.Location:
    """The location, or where it says nothing, that of a frame of this name in no file."""
    if not name or location != ir.Location.unknown():
        return location
    return ir.Location.name(name, childLoc=ir.Location.file("", 0, 0))


# ---- MLIR ----------------------------------------------------------------------------------------


def parse_stablehlo(text: str, context: ir.Context) -> ir.Module:
    """jaxlib's parser of MLIR; raises MlirError."""
    return ir.Module.parse(text, context)


def merge(modules: Sequence[ir.Module], context: ir.Context) -> tuple[ir.Module, list[int]]:
    """Moves modules (which are used up) into one whose main calls each of them: the arguments and
    results of all in a row. Also gives the number of results of each."""
    with context, ir.Location.unknown(context):
        merged = ir.Module.create()
        symbols = ir.SymbolTable(merged.operation)
        one = ir.IntegerAttr.get(ir.IntegerType.get_signless(32), 1)
        merged.operation.attributes["sym_name"] = ir.StringAttr.get("jit_group")
        merged.operation.attributes["mhlo.num_replicas"] = one
        merged.operation.attributes["mhlo.num_partitions"] = one
        calls = []
        for module in modules:
            main = next(op for op in module.body.operations if op.sym_name.value == "main")
            inputs, results = list(main.type.inputs), list(main.type.results)
            calls.append((mlir.merge_mlir_modules(merged, "f", module, symbols), inputs, results))
        signature = ir.FunctionType.get(
            [t for _, inputs, _ in calls for t in inputs],
            [t for _, _, results in calls for t in results],
        )
        main = func.FuncOp("main", signature, ip=ir.InsertionPoint(merged.body))
        main.attributes["sym_visibility"] = ir.StringAttr.get("public")
        block = main.add_entry_block()
        with ir.InsertionPoint(block):
            arguments, returned, first = list(block.arguments), [], 0
            for name, inputs, results in calls:
                last = first + len(inputs)
                callee = ir.FlatSymbolRefAttr.get(name)
                returned += func.CallOp(results, callee, arguments[first:last]).results
                first = last
            func.ReturnOp(returned)
        return merged, [len(results) for _, _, results in calls]


# ---- HLO -----------------------------------------------------------------------------------------


def short_options(locations: bool = False) -> _hlo.HloPrintOptions:
    """The options that `lowered.as_text(dialect="hlo")` prints with."""
    options = _hlo.HloPrintOptions.short_parsable()
    options.print_metadata = locations
    return options


def full_options(locations: bool = False) -> _hlo.HloPrintOptions:
    """The options for optimised HLO: XLA's default ones, but large constants in full and, without
    `locations`, no metadata (which holds paths and line numbers)."""
    options = _hlo.HloPrintOptions()
    options.print_large_constants = True
    options.print_metadata = locations
    return options


def hlo_module(serialized: bytes) -> _hlo.HloModule:
    """The module of a serialised HloModuleProto, such as transformations are given."""
    return _hlo.HloModule.from_serialized_hlo_module_proto(serialized)


def hlo_of_stablehlo(module: ir.Module, locations: bool) -> str:
    """`Lowered.as_text(dialect="hlo")` of a module that has been parsed again."""
    computation = _jax.mlir.mlir_module_to_xla_computation(
        mlir.module_to_bytecode(module), use_tuple_args=False
    )
    return computation.as_hlo_module().to_string(short_options(locations))


def stablehlo_text(module: ir.Module) -> str:
    """`Lowered.as_text()` of a module."""
    return mlir.module_to_string(module, enable_debug_info=False)


def parse_hlo(text: str) -> _hlo.HloModule:
    """XLA's parser of HLO text; raises an exception with its message."""
    return _hlo.hlo_module_from_text(text)


def cost_analysis(module: _hlo.HloModule) -> dict[str, float]:
    """XLA's cost analysis of an HLO module: what `compiled.cost_analysis()` gives for the compiled
    one."""
    return _jax.hlo_module_cost_analysis(_client(), module)


# ---- Compiling and running -----------------------------------------------------------------------


def _client():
    return jax.devices("cpu")[0].client


def initialize_lapack() -> None:
    """Finds the functions of LAPACK that compiled modules call. JAX does so when it lowers a call;
    a text that was lowered elsewhere finds null pointers without."""
    lapack._lapack.initialize()


class Compiler:
    """Compiles modules for the first CPU device, with options of XLA that the public interface
    cannot give (results of such a compile are executables without JAX's calling convention)."""

    def __init__(self, overrides: dict[str, Any]):
        self._client = _client()
        self._device = jax.devices("cpu")[0]
        self._devices = _jax.DeviceList((self._device,))
        self._sharding = jax.sharding.SingleDeviceSharding(self._device)
        self._options = compiler.get_compile_options(
            1,
            1,
            np.array([[0]]),
            env_options_overrides=overrides,
            detailed_logging=False,
            backend=self._client,
        )

    def compile(self, module: ir.Module, arguments: int, results: int):
        """An executable of `module`; raises XlaError. Sharding propagation is allowed everywhere,
        as `jax.jit` does where no sharding is given."""
        build = self._options.executable_build_options
        build.allow_spmd_sharding_propagation_to_parameters = [True] * arguments
        build.allow_spmd_sharding_propagation_to_output = [True] * results
        return self._client.compile_and_load(
            module, executable_devices=self._devices, compile_options=self._options
        )

    def put(self, array: np.ndarray) -> jax.Array:
        """The array on the device, whatever jax_enable_x64 says about its dtype."""
        aval = jax.core.ShapedArray(array.shape, array.dtype)
        return _jax.batched_device_put(
            aval, self._sharding, [array], [self._device], enable_x64=True
        )

    def run(self, executable, arguments: Sequence[jax.Array]) -> list[np.ndarray]:
        results = executable.execute_sharded(arguments).disassemble_into_single_device_arrays()
        return [np.asarray(shards[0]) for shards in results]
