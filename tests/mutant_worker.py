"""Mutants are made and run by JAX in a process of its own, which is killed when one does not end.

`Worker.run(job)` draws one change of a row's text, and says what JAX gives on the recorded inputs.
"""

import multiprocessing
import os
import random
import resource
import signal
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxsmith.base import arrays
from jaxsmith.levels import LEVELS

# Of the changes that JAX refuses so many are kept: they try the verifiers.
_REFUSED_KEPT = 0.15
_ATTEMPTS = 12
# Seconds of processor time that a mutant may take; and, should it sleep, of any time.
_PROCESSOR_SECONDS, _SECONDS = 10, 120


class Job(NamedTuple):
    row: int
    level: str
    seed: int


@dataclass
class Outcome:
    """`state`: "run", "refused", "endless", "crashed"; "none" where there is no mutant of the row,
    "unusable" where its own text does not give the recorded outputs."""

    job: Job
    state: str = "none"
    kind: str = ""
    operation: str = ""
    text: str = ""
    constants: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""


def encoded(values: list[Any]) -> list[dict[str, Any]]:
    return [{"name": "", **arrays.encode(np.asarray(x, order="C"))} for x in values]


def decoded(columns: list[dict[str, Any]]) -> list[np.ndarray]:
    return [arrays.decode(column) for column in columns]


def differ(expected: list[np.ndarray], found: list[np.ndarray]) -> bool:
    return len(expected) != len(found) or not all(
        arrays.close(a, b) for a, b in zip(expected, found, strict=True)
    )


def rows_of(dataset: Path, longest: int = 40_000, most: int = 1000) -> list[dict[str, Any]]:
    """Of a large dataset `most` rows, evenly spread: each process reads them anew."""
    rows: list[tuple[pa.Table, int]] = []
    for file in sorted((dataset / "data").glob("*.parquet")):
        table = pq.read_table(file)
        short = table["devices"].to_numpy() == 1
        for level in LEVELS:
            short &= pc.utf8_length(table[level]).to_numpy() <= longest
        table = table.filter(pa.array(short))
        rows += [(table, i) for i in range(table.num_rows)]
    step = max(1, -(-len(rows) // most))
    return [
        {**table.slice(i, 1).to_pylist()[0], "schema": table.schema} for table, i in rows[::step]
    ]


# ---- In the process of its own -------------------------------------------------------------------


class _Jax:
    """Draws changes and runs what comes of them. `tell` says what is being tried."""

    def __init__(self, rows: list[dict[str, Any]], tell: Any):
        import mlir_changes
        from jaxsmith import jax_private

        self.rows, self.tell = rows, tell
        self.private, self.mlir = jax_private, mlir_changes
        jax_private.initialize_lapack()
        self.context = jax_private.new_context(threads=False)
        # How fast the code is does not matter.
        quick = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
        self.compiler = jax_private.Compiler(quick)
        self.traced: OrderedDict[int, Any] = OrderedDict()
        self.usable: dict[tuple[int, str], bool] = {}

    def done(self, job: Job) -> Outcome:
        row = self.rows[job.row]
        out = Outcome(job)
        with self.context, self.mlir.unknown_location(self.context):
            if not self._usable(job):
                out.state = "unusable"
                return out
            rng = random.Random(job.seed)
            for attempt in range(_ATTEMPTS):
                # At some places a change of a kind is hardly ever valid: then another is drawn.
                wanted = out.kind if attempt < _ATTEMPTS // 2 else ""
                if not self._make(job, rng, out, wanted):
                    continue
                try:
                    module = self._module(job, out)
                except Exception as error:
                    out.state, out.reason = "refused", str(error)
                    if rng.random() < _REFUSED_KEPT:
                        break
                    continue
                self._execute(row, job.level, module, out)
                break
        return out

    def _usable(self, job: Job) -> bool:
        """Whether JAX gives the row's text again, or from what is compiled its outputs. The lowered
        texts are compiled as they are: nothing has to be seen to."""
        key = (job.row, job.level)
        if key in self.usable or job.level in ("stablehlo", "hlo"):
            return self.usable.get(key, True)
        row = self.rows[job.row]
        try:
            if job.level == "jaxpr":
                text = self.private.jaxpr_text(self._trace(job.row))
                self.usable[key] = text == row["jaxpr"]
            else:
                whole = Outcome(job, text=row[job.level])
                self._execute(row, job.level, self._module(job, whole), whole)
                same = not differ(decoded(row["outputs"]), decoded(whole.outputs))
                self.usable[key] = whole.state == "run" and same
        except Exception:
            self.usable[key] = False
        return self.usable[key]

    def _make(self, job: Job, rng: random.Random, out: Outcome, kind: str) -> bool:
        """One change, of the kind if there are such; false where there is none."""
        import mutate_hlo
        import mutate_jaxpr
        import mutate_stablehlo
        from mutate_words import drawn

        row = self.rows[job.row]
        text, mutator = row[job.level], None
        if job.level == "jaxpr":
            mutator = mutate_jaxpr.Mutator(self._trace(job.row), rng)
        elif job.level == "stablehlo":
            mutator = mutate_stablehlo.Mutator(text, rng, self.context)
        else:
            mutator = mutate_hlo.Mutator(text, rng)
        change = drawn(mutator.changes(), rng, kind)
        if change is None:
            return False
        subject = change.make()
        out.kind, out.operation, out.constants = change.kind, change.operation, row["constants"]
        if job.level == "jaxpr":
            self.subject = subject
            out.text = self.private.jaxpr_text(subject)
            constants = self.private.constants(subject)
            out.constants = [arrays.encode(np.asarray(c, order="C")) for c in constants]
        else:
            out.text = str(subject)
        if out.text == text:
            return False
        self.tell(out)
        return True

    def _trace(self, number: int) -> Any:
        import types

        import jax

        if number not in self.traced:
            row = self.rows[number]
            module = types.ModuleType("function")
            exec(compile(row["source"], "<function>", "exec"), module.__dict__)
            with jax.enable_x64(row["x64"]):
                function = module.__dict__[row["entry"]]
                tree = jax.tree.structure(eval(row["argument_tree"], module.__dict__))
                arguments = tree.unflatten(decoded(row["inputs"]))
                self.traced[number] = jax.jit(function).trace(*arguments).jaxpr
            while len(self.traced) > 50:
                self.traced.popitem(last=False)
        return self.traced[number]

    def _module(self, job: Job, out: Outcome) -> Any:
        """What is compiled; raises where JAX refuses the text."""
        if job.level == "stablehlo":
            return self.private.parse_stablehlo(out.text, self.context)
        if job.level == "hlo":
            return self.mlir.stablehlo_of_hlo(out.text, self.context)
        if job.level == "hlo_optimized":
            from optimized_hlo import compilable

            return self.mlir.stablehlo_of_hlo(compilable(out.text), self.context)
        import jax
        from jax.extend import core

        row = self.rows[job.row]
        with jax.enable_x64(row["x64"]):
            core.check_jaxpr(self.subject.jaxpr)
            function = jax.jit(core.jaxpr_as_fun(self.subject), keep_unused=True)
            lowered = function.trace(*decoded(row["inputs"])).lower()
        return self.private.Lowering(lowered).module

    def _execute(self, row: dict[str, Any], level: str, module: Any, out: Outcome) -> None:
        inputs = decoded(row["inputs"])
        if level != "jaxpr":
            inputs = [inputs[i] for i in row["kept_arguments"]]
        try:
            results = len(row["outputs"])
            executable = self.compiler.compile(module, len(inputs), results)
            found = self.compiler.run(executable, [self.compiler.put(x) for x in inputs])
            out.outputs, out.state = encoded(found), "run"
        except Exception as error:
            out.state, out.reason = "refused", str(error)


def _serve(connection: Any, dataset: Path) -> None:
    # What XLA says when it ends the process is of no use here.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    jax = _Jax(rows_of(dataset), connection.send)
    connection.send("ready")
    while (job := connection.recv()) is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + _PROCESSOR_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        connection.send((jax.done(job),))
    connection.close()


# ---- In the process that asks --------------------------------------------------------------------


class Worker:
    """One process at a time; a job that takes too long ends it."""

    def __init__(self, dataset: Path):
        self.dataset = dataset
        self.process: Any = None
        self.connection: Any = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self.dataset), daemon=True)
        self.process.start()
        theirs.close()
        if self.connection.recv() != "ready":
            sys.exit("the worker does not start")

    def _stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.connection.close()
        self.process = None

    def run(self, job: Job) -> Outcome:
        if self.process is None:
            self._start()
        tried = Outcome(job)
        try:
            self.connection.send(job)
            while self.connection.poll(_SECONDS):
                answer = self.connection.recv()
                if isinstance(answer, tuple):
                    return answer[0]
                tried = answer
            tried.state = "endless"
        except (EOFError, ConnectionError):
            self.process.join()
            ended = self.process.exitcode == -signal.SIGXCPU
            tried.state = "endless" if ended else "crashed"
        self._stop()
        return tried
