"""The worker process: requests come in on one descriptor, results go out on another. See
docs/protocol.md."""

import argparse
import os
import signal
import struct
import warnings
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from jaxsmith import levels, versions

if TYPE_CHECKING:
    from jaxsmith.worker.function import Work

FRAME_OVERHEAD = 60_000  # what a frame may hold beside the texts and arrays of its outcome


class Route(StrEnum):
    """How the functions of a request are done."""

    CHUNK = "chunk"
    PLAIN = "plain"
    TEXT = "text"


class Stream:
    """Frames on a pair of descriptors: four bytes of length, little-endian, and a MessagePack
    message."""

    def __init__(self, requests: int, results: int):
        self._requests, self._results = requests, results
        self._process = os.getpid()
        for descriptor in (
            requests,
            results,
        ):  # processes that a function starts have no part in this
            os.set_inheritable(descriptor, False)

    def receive(self) -> bytes | None:
        """The next message, None when there are no more."""
        header = self._read(4)
        return None if header is None else self._read(struct.unpack("<I", header)[0])

    def send(self, message: bytes) -> None:
        if os.getpid() != self._process:  # a function has forked, and this is the child
            os._exit(1)
        rest = memoryview(struct.pack("<I", len(message)) + message)
        while rest:
            rest = rest[os.write(self._results, rest) :]

    def _read(self, size: int) -> bytes | None:
        parts = []
        while size:
            part = os.read(self._requests, min(size, 1 << 20))
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def fatal_message(text: str) -> bytes:
    """The `fatal` frame, packed by hand since MessagePack may be what is missing."""
    body = text.encode()[:60_000]
    return b"\x82\xa4type\xa5fatal\xa7message\xda" + struct.pack(">H", len(body)) + body


def serve(stream: Stream) -> None:
    """Answers requests until there are no more."""
    import msgpack

    from jaxsmith.worker import merged, plain, texts
    from jaxsmith.worker.chunk import ChunkRoute
    from jaxsmith.worker.function import work_of

    def send(**message: Any) -> None:
        stream.send(msgpack.packb(message))

    send(type="hello", versions=versions.versions(), run_options=merged.RUN_OPTIONS)
    chunk_route: ChunkRoute | None = None
    while (frame := stream.receive()) is not None:
        request = msgpack.unpackb(frame)
        chunk, wanted = request["chunk"], {levels.STRUCTURE, *request["levels"]}
        route = Route(request["route"])
        works = [work_of(i, function) for i, function in enumerate(request["functions"])]
        progress = _progress(send, chunk)
        if route == Route.PLAIN:
            plain.run_chunk(works, wanted, progress)
        elif route == Route.TEXT:
            texts.run_chunk(works, progress)
        else:
            chunk_route = chunk_route or ChunkRoute()
            chunk_route.run_chunk(works, wanted, bool(request.get("isolate")), progress)
        if route == Route.TEXT:  # what came with the function need not go back
            wanted = set()
        for work in works:
            work.levels = {level: text for level, text in work.levels.items() if level in wanted}
            work.spans = {level: found for level, found in work.spans.items() if level in wanted}
        for work in works:
            stream.send(outcome_message(work, chunk, request["most_bytes"]))
        send(type="result", chunk=chunk)


def outcome_message(work: "Work", chunk: int, most_bytes: int) -> bytes:
    """The `outcome` frame of a function; where that takes more than so many bytes, or cannot be
    packed, it says that the function is refused for it."""
    import msgpack

    def pack() -> bytes:
        outcome = work.outcome()
        return msgpack.packb(
            {"type": "outcome", "chunk": chunk, "function": work.position, "outcome": outcome}
        )

    with work.stage("answer"):
        work.check_size(most_bytes)
        message = pack()
        if len(message) <= most_bytes + FRAME_OVERHEAD:
            return message
        work.check_size(most_bytes, len(message))
    return pack()


def _progress(send: Callable[..., None], chunk: int) -> Callable[[str, list[int]], None]:
    def progress(stage: str, positions: list[int]) -> None:
        send(type="progress", chunk=chunk, stage=stage, functions=positions)

    return progress


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests-fd", type=int, required=True)
    parser.add_argument("--results-fd", type=int, required=True)
    options = parser.parse_args()
    stream = Stream(options.requests_fd, options.results_fd)
    problem = versions.problem()
    if problem is not None:
        stream.send(fatal_message(problem))
        return 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to handle
    warnings.simplefilter("ignore")
    serve(stream)
    return 0
