"""Compiles on threads at once, in a spawned process, in a forked one, in a program that it starts; run below
`jaxsmith capture`. Ends with status 3."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import threading

import jax
import jax.numpy as jnp

THREADS = 8


def jitted(name, function):
    function.__name__ = function.__qualname__ = name
    return jax.jit(function)


def in_spawned(x):
    return jnp.tanh(x) * 3


def in_forked(x):
    return jnp.cosh(x) * 3


def in_main(x):
    return jnp.cos(x) - 1


def spawned(x):
    return round(float(jax.jit(in_spawned)(x)), 4)


def on_threads():
    start, found = threading.Barrier(THREADS), {}
    functions = [
        jitted(f"on_thread_{k}", lambda x, k=k: x * k + jnp.sin(x)) for k in range(THREADS)
    ]

    def run(i):
        start.wait()
        found[i] = round(float(functions[i](1.0)), 4)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[i] for i in range(THREADS)]


def forked():
    child = os.fork()
    if child == 0:
        print("forked", round(float(jax.jit(in_forked)(0.5)), 4), flush=True)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main():
    # Before this process has compiled anything: a client of XLA's does not survive a fork.
    print("child", forked(), flush=True)
    print("threads", on_threads())
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        print("spawned", pool.submit(spawned, 0.5).result())
    text = "import jax\ndef in_program(x):\n    return x * 5 + 1\nprint(float(jax.jit(in_program)(1.0)))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    print("program", done.stdout)
    print("main", round(float(jax.jit(in_main)(0.5)), 4), __name__, os.path.basename(sys.argv[0]))
    sys.exit(3)


if __name__ == "__main__":
    main()
