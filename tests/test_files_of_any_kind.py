"""What is named as a file may be a device without an end, a pipe, or a file that cannot be read to its end."""

import os
import pty
import subprocess
import tty
from pathlib import Path

from dataset_rows import SIN

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))


def jaxsmith(*arguments, **more):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)], capture_output=True, text=True, timeout=300, **more
    )


def test_a_device_without_an_end_is_named():
    for asked in (["check", "/dev/zero"], ["eval", "/dev/zero", "--random", "1"]):
        done = jaxsmith(*asked)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
        assert "/dev/zero: it holds more than 1073741824 bytes" in done.stderr


def test_a_text_that_cannot_be_read_to_its_end_is_none():
    for command in ("check", "eval"):
        reader, writer = pty.openpty()
        tty.setraw(writer)
        os.write(writer, SIN.encode())
        os.close(writer)  # the next read fails
        done = jaxsmith(command, "-", stdin=reader)
        os.close(reader)
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done
        assert "standard input: it cannot be read to its end" in done.stderr


def test_eval_runs_no_folder(tmp_path):
    done = jaxsmith("eval", tmp_path)
    assert done.returncode == 2 and "it is a folder" in done.stderr, done
