"""Drives a worker process over its descriptors, as the supervisor does."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import msgpack

ROOT = Path(__file__).resolve().parent.parent
LEVELS = ["jaxpr", "stablehlo", "hlo", "hlo_optimized"]
FLAGS = "--xla_force_host_platform_device_count=4 --xla_cpu_max_isa=AVX2"


def environment(**changes: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JAX_", "XLA_", "PYTHON"))
    }
    return (
        kept
        | {
            "JAX_PLATFORMS": "cpu",
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": str(ROOT / "python"),
            "XLA_FLAGS": FLAGS,
        }
        | changes
    )


class Worker:
    """A worker and the conversation with it. Use it in a `with` statement."""

    def __init__(self, *python_options: str, **changes: str):
        theirs_in, self._requests = os.pipe()
        self._results, theirs_out = os.pipe()
        self.process = subprocess.Popen(
            [
                sys.executable,
                *python_options,
                "-m",
                "jaxsmith.worker",
                "--requests-fd",
                str(theirs_in),
                "--results-fd",
                str(theirs_out),
            ],
            pass_fds=(theirs_in, theirs_out),
            env=environment(**changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.progress: list[dict] = []
        self.chunk = 0

    def __enter__(self) -> "Worker":
        self.hello = self.receive()
        return self

    def __exit__(self, *_) -> None:
        os.close(self._requests)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            os.close(self._results)

    def send(self, message: dict) -> None:
        body = msgpack.packb(message)
        rest = memoryview(struct.pack("<I", len(body)) + body)
        while rest:
            rest = rest[os.write(self._requests, rest) :]

    def receive(self) -> dict | None:
        header = self._read(4)
        return header and msgpack.unpackb(self._read(struct.unpack("<I", header)[0]))

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = os.read(self._results, size - len(data))
            if not part:
                return b""
            data += part
        return data

    def run(
        self,
        functions: list[dict],
        route: str = "chunk",
        isolate: bool = False,
        levels: list[str] = LEVELS,
        most_bytes: int = 1 << 30,
    ) -> list[dict]:
        """The outcomes of one chunk; the progress frames are kept in `progress`."""
        self.chunk += 1
        self.send(
            {
                "type": "chunk",
                "chunk": self.chunk,
                "route": route,
                "isolate": isolate,
                "levels": levels,
                "most_bytes": most_bytes,
                "functions": functions,
            }
        )
        self.progress = []
        outcomes: list[dict] = []
        while (message := self.receive()) is not None and message:
            assert message["chunk"] == self.chunk
            if message["type"] == "result":
                assert len(outcomes) == len(functions)
                return outcomes
            if message["type"] == "outcome":
                assert message["function"] == len(outcomes)
                outcomes.append(message["outcome"])
            else:
                self.progress.append(message)
        raise EOFError(f"the worker ended with status {self.process.wait()}")
