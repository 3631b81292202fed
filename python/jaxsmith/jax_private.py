"""Every name of JAX and jaxlib that is not public and that jaxsmith uses, each with its purpose.

The rest of the package uses JAX's public names and this module. `tests/test_jax_private.py` has a
test for each name here, so that another JAX version fails there, by name, before it gives wrong
rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax._src import compiler, sharding_impls
from jax._src.interpreters import mlir
from jaxlib import _hlo, _jax
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import func

# Errors of XLA's compiler and runtime (public as jax.errors.JaxRuntimeError).
XlaError = jax.errors.JaxRuntimeError
# Errors of MLIR's parser and verifier.
MlirError = ir.MLIRError

_NAMES = (
    (_hlo, "HloModule"),
    (_hlo, "HloPrintOptions"),
    (_hlo, "hlo_module_from_text"),
    (_jax, "DeviceList"),
    (_jax, "batched_device_put"),
    (_jax, "hlo_module_cost_analysis"),
    (_jax, "set_tracebacks_enabled"),
    (compiler, "get_compile_options"),
    (sharding_impls, "UnspecifiedValue"),
    (mlir, "ModuleContext"),
    (mlir, "make_ir_context"),
    (mlir, "merge_mlir_modules"),
    (ir, "Module"),
    (func, "FuncOp"),
)


def missing() -> list[str]:
    """Names of `_NAMES` that this JAX does not have."""
    return [f"{o.__name__}.{n}" for o, n in _NAMES if not hasattr(o, n)]


def set_tracebacks_enabled(on: bool) -> None:
    """Whether JAX collects a Python traceback for each equation. They cost time in tracing and
    lowering, and reach only metadata that no text of ours prints."""
    _jax.set_tracebacks_enabled(on)


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


def short_options() -> _hlo.HloPrintOptions:
    """The options that `lowered.as_text(dialect="hlo")` prints with."""
    options = _hlo.HloPrintOptions.short_parsable()
    options.print_metadata = False
    return options


def full_options() -> _hlo.HloPrintOptions:
    """The options for optimised HLO: XLA's default ones, but large constants in full and no
    metadata (which holds paths and line numbers)."""
    options = _hlo.HloPrintOptions()
    options.print_large_constants = True
    options.print_metadata = False
    return options


def hlo_module(serialized: bytes) -> _hlo.HloModule:
    """The module of a serialised HloModuleProto, such as transformations are given."""
    return _hlo.HloModule.from_serialized_hlo_module_proto(serialized)


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
