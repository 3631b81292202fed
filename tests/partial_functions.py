"""Functions of which JAX makes some levels and not others. Several end the process that they are
compiled or run in."""

import ctypes
import os
import signal
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax import export, lax

X = jnp.arange(3.0)
ROWS = jnp.arange(12.0).reshape(4, 3)


def works(x):
    return jnp.sin(x) * 2


def only_for_tpu(x):
    return lax.platform_dependent(x + 1, tpu=lambda y: y * 2)


(_size,) = export.symbolic_shape("n")
_exported = export.export(jax.jit(lambda x: jnp.cos(x).sum(0) + x.shape[0] * jnp.ones_like(x)))(
    jax.ShapeDtypeStruct((_size, 3), jnp.float32)
)


def open_size(x):
    """XLA compiles it, but its module as it was lowered is no HLO."""
    return _exported.call(x) * 3


def unknown_target(x):
    return jax.ffi.ffi_call("no_such_target", jax.ShapeDtypeStruct(x.shape, x.dtype))(x) + 1


def raises(x):
    def callback(value):
        raise ValueError("as it should")

    return jax.pure_callback(callback, x, x) + 2


def ends_the_run(x):
    def callback(value):
        os.kill(os.getpid(), signal.SIGKILL)
        return np.asarray(value)

    return jax.pure_callback(callback, x, x) + 3


def null_handler(x):
    """XLA calls a function that is nowhere."""
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = (
        ctypes.py_object,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
    )
    capsule = new(8, b"xla._CUSTOM_CALL_TARGET", None)
    jax.ffi.register_ffi_target("nowhere", capsule, platform="cpu", api_version=0)
    call = jax.ffi.ffi_call(
        "nowhere", jax.ShapeDtypeStruct(x.shape, x.dtype), custom_call_api_version=1
    )
    return call(x) * 5


_armed = False


def ends_the_compilation(x):
    """Once it is traced, the next compilation does not come back."""
    global _armed
    _armed = True
    return jnp.exp(x) - 7


def _at_event(event, *_, **__):
    if _armed and event == "/jax/core/compile/backend_compile_duration":
        os.kill(os.getpid(), signal.SIGSEGV)


jax.monitoring.register_event_duration_secs_listener(_at_event)


sys.setrecursionlimit(5000)  # JAX prints what is nested by recursion


def nested(x):
    """With a stack of a megabyte, XLA's recursion over its regions overflows: at HLO as lowered."""

    def branch(depth):
        if depth == 0:
            return lambda c: c + 1
        inner = branch(depth - 1)
        return lambda c: lax.cond(c.sum() > depth, inner, lambda d: d, c)

    return branch(120)(x)
