"""A program for the tests of capture: says what it sees of its surroundings, compiles, and ends as
its first argument says."""

import os
import subprocess
import sys
from functools import partial

import jax
import jax.numpy as jnp

WEIGHT = 2.0
PATTERN = "\d"  # the parser warns of it, once


def scaled(x):
    return x * WEIGHT


@partial(jax.jit, static_argnames=("n",))
def power(x, n):
    return scaled(x) ** n


@jax.jit
def secretive(x):
    return jax.pure_callback(Labelled(os.environ.get("MY_API_TOKEN", "")), x, x)


class Labelled:
    def __init__(self, label):
        self.label = label

    def __call__(self, x):
        return x

    def __repr__(self):
        return f"Labelled({self.label}, {os.path.expanduser('~')}/models)"


def main():
    ours = sorted(name for name in os.environ if "JAXSMITH" in name)
    print("environment", ours, os.environ.get("PYTHONPATH"), len(os.environ))
    print("path", [entry for entry in sys.path if "jaxsmith" in entry or entry.endswith("/python")])
    print("arguments", sys.argv[1:])
    x = jnp.arange(4.0)
    print(power(x, 3), power(x, n=2))
    print(jax.jit(lambda a: jnp.sin(a) + 1)(x), secretive(x))
    print(jax.random.normal(jax.random.key(0), (2,)))
    print(sys.stdin.readline().strip(), flush=True)
    print("said on standard error", file=sys.stderr)
    how = sys.argv[1] if len(sys.argv) > 1 else ""
    if how == "child":
        subprocess.run([sys.executable, __file__], input="", text=True, check=True)
        subprocess.run([sys.executable, __file__], input="", text=True, env=dict(os.environ, A="1"))
    if how == "kill":
        os.kill(os.getpid(), 9)
    if how == "abort":
        os.abort()
    if how == "exit":
        os._exit(7)
    if how == "raise":
        raise RuntimeError("as it should")
    if how == "lowering":  # JAX fails when it lowers: its frames in the traceback, and no others
        jax.jit(lambda a: jax.pure_callback(print, a, a) if a.sum() else a)(x)
    if how == "compile":
        jax.jit(lambda a: jax.ffi.ffi_call("no_such_target", a)(a))(x)
    if how == "status":
        sys.exit(3)


main()
