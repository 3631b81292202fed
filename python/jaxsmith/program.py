"""The C++ program, as Python finds it."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

from jaxsmith.errors import JaxsmithError

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def path() -> str:
    """The `jaxsmith` program: that of JAXSMITH, the one that was installed with this package, the
    one that was built beside it, or the one in PATH; raises JaxsmithError where there is none."""
    named = os.environ.get("JAXSMITH")
    if named:
        return named
    built = os.path.join(os.path.dirname(os.path.dirname(_PACKAGE)), "build", "jaxsmith")
    for candidate in (os.path.join(_PACKAGE, "bin", "jaxsmith"), built):
        if os.access(candidate, os.X_OK):
            return candidate
    found = shutil.which("jaxsmith")
    if found is None:
        raise JaxsmithError(
            "the jaxsmith program is not here: install the package or run make build"
        )
    return found


def environment() -> dict[str, str]:
    """Has the program use this Python and this package."""
    return {
        **os.environ,
        "JAXSMITH_PYTHON": sys.executable,
        "JAXSMITH_PYTHON_PATH": os.path.dirname(_PACKAGE),
    }


class Outcome(NamedTuple):
    """How the program ended: its status, and what it said on standard error."""

    status: int
    said: str

    def failure(self) -> JaxsmithError:
        """What it said last, as the reason."""
        lines = [line for line in self.said.strip().splitlines() if line.strip()]
        reason = lines[-1] if lines else f"ended with status {self.status}"
        return JaxsmithError(reason.removeprefix("jaxsmith "))


def _started(arguments: Sequence[str], errors: int | IO[str]) -> subprocess.Popen[str]:
    """The program, with this for its standard error. It is in a session of its own: a terminal's
    Ctrl-C reaches it through this process alone."""
    return subprocess.Popen(
        [path(), *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def outcome(arguments: Sequence[str]) -> Outcome:
    """Runs the program to its end. What interrupts the wait interrupts the program too, which has
    the time to take back what it has begun; a second interrupt ends it at once."""
    with _started(arguments, subprocess.PIPE) as process:
        try:
            _, said = process.communicate()
        except BaseException:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate()
            finally:
                process.kill()
            raise
    return Outcome(process.returncode, said)


class Run:
    """The program at work, in a session of its own. All that it says is taken as it comes, so that it
    never waits for a reader."""

    def __init__(self, arguments: Sequence[str]):
        self._errors = tempfile.TemporaryFile("w+", errors="replace")
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        try:
            self.process = _started(arguments, self._errors)
        except BaseException:
            self._errors.close()
            raise
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            with self.process.stdout as output:
                for line in output:
                    self._lines.put(line.removesuffix("\n"))
        finally:  # whoever waits for lines learns that there are no more
            self._lines.put(None)

    def lines(self) -> Iterator[str]:
        """What it writes on standard output, until it ends; raises JaxsmithError with what it said
        where it failed."""
        while (line := self._lines.get()) is not None:
            yield line
        if self.process.wait() != 0:
            self._errors.seek(0)
            raise Outcome(self.process.returncode, self._errors.read()).failure()

    def close(self) -> None:
        """Ends it, with all that it has started, if it is still at work."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._errors.close()


def main() -> int:
    """The command `jaxsmith` of an installed package: becomes the program."""
    try:
        program = path()
    except JaxsmithError as error:
        print(f"jaxsmith: {error}", file=sys.stderr)
        return 1
    os.execve(program, ["jaxsmith", *sys.argv[1:]], environment())
