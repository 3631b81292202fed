"""What changing and converting MLIR modules takes of jaxlib, for the tests that do so; what is parsed is
jax_private's."""

from collections.abc import Sequence
from typing import Any

from jaxlib import _jax
from jaxlib.mlir import ir
from jaxsmith import jax_private


def attribute(text: str) -> ir.Attribute:
    """Of the context that is entered."""
    return ir.Attribute.parse(text)


def type_of(text: str) -> ir.Type:
    """Of the context that is entered."""
    return ir.Type.parse(text)


def insert(name: str, operands: Sequence[Any], results: Sequence[ir.Type], before: Any) -> Any:
    """A new operation in front of another; the context and a location must be entered."""
    return ir.Operation.create(
        name, results=results, operands=operands, ip=ir.InsertionPoint(before)
    )


def unknown_location(context: ir.Context) -> ir.Location:
    return ir.Location.unknown(context)


def verify(module: ir.Module) -> None:
    """Raises jax_private.MlirError."""
    module.operation.verify()


def stablehlo_of_hlo(text: str, context: ir.Context) -> ir.Module:
    """A module of HLO's text as StableHLO, which the client compiles; raises XlaError."""
    serialized = jax_private.parse_hlo(text).as_serialized_hlo_module_proto()
    return ir.Module.parse(_jax.mlir.hlo_to_stablehlo(serialized), context)
