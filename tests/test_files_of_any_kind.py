"""What is named as a file may be a device without an end, a pipe, or a file that cannot be read to its end."""

import json
import os
import pty
import shlex
import subprocess
import tty
from pathlib import Path

from dataset_rows import SIN, row, write

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


def test_a_line_without_an_end_is_named(tmp_path):
    rows = tmp_path / "rows.parquet"
    write(rows, [row("x")])
    done = jaxsmith("score", "/dev/zero", "--dataset", rows)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
    assert "/dev/zero:1: the line has more than 268435456 bytes" in done.stderr


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


def through_pipe(command, path):
    """The command with {} as a pipe that brings the file."""
    words = " ".join(shlex.quote(str(word)) for word in [JAXSMITH, *command])
    pipe = f"<(cat {shlex.quote(str(path))})"
    return subprocess.run(
        ["bash", "-c", words.replace("'{}'", pipe)], capture_output=True, text=True, timeout=300
    )


def test_a_pipe_is_a_file_too(tmp_path):
    text, rows = tmp_path / "text", tmp_path / "rows.parquet"
    text.write_text(SIN)
    write(rows, [row("x")])
    predictions = tmp_path / "predictions.jsonl"
    predictions.write_text(json.dumps({"id": "x", "level": "jaxpr", "text": SIN}) + "\n")
    for command, path in (
        (["check", "{}"], text),
        (["eval", "{}", "--random", "1"], text),
        (["score", "{}", "--dataset", rows], predictions),
    ):
        done = through_pipe(command, path)
        assert (done.returncode, done.stderr) == (0, ""), done
    with text.open() as file:
        assert jaxsmith("check", "/dev/stdin", stdin=file).returncode == 0
    done = jaxsmith("check", "/dev/stdin", input=SIN)
    assert done.returncode == 0, done


def test_parquet_in_a_pipe_is_said_to_be(tmp_path):
    rows = tmp_path / "rows.parquet"
    write(rows, [row("x")])
    for command in (["check", "{}"], ["score", "{}", "--dataset", rows]):
        done = through_pipe(command, rows)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done
        assert "Parquet" in done.stderr and "pipe" in done.stderr


# The third read of a file of this name fails: the first is a look at its beginning.
BROKEN_READ = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
ssize_t read(int fd, void *to, size_t most) {
  static ssize_t (*real)(int, void *, size_t);
  static int reads = 0;
  char link[64], path[4096];
  if (!real) real = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = 0;
  if (!strstr(path, "broken.jsonl") || reads++ < 2) return real(fd, to, most > 8192 ? 8192 : most);
  errno = EIO;
  return -1;
}
"""


def test_predictions_that_cannot_be_read_to_their_end_are_none(tmp_path):
    source, library = tmp_path / "broken.c", tmp_path / "broken.so"
    source.write_text(BROKEN_READ)
    subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library, "-ldl"], check=True)
    write(tmp_path / "rows.parquet", [row("x")])
    line = json.dumps({"id": "x", "level": "jaxpr", "text": SIN}) + "\n"
    for name, status in (("whole.jsonl", 0), ("broken.jsonl", 1)):
        path = tmp_path / name
        path.write_text(line * 400)  # more than one read
        asked = ["score", path, "--dataset", tmp_path / "rows.parquet"]
        done = jaxsmith(*asked, env={**os.environ, "LD_PRELOAD": str(library)})
        assert done.returncode == status, done
        if status:
            assert f"{path}: it cannot be read to its end" in done.stderr, done.stderr


def test_eval_runs_no_folder(tmp_path):
    done = jaxsmith("eval", tmp_path)
    assert done.returncode == 2 and "it is a folder" in done.stderr, done
