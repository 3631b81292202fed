"""A project's folder that is moved, renamed or copied works where it is, and uses nothing of the place where it was."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith"))
PLACES = {"moved": "elsewhere", "renamed with a space": "my project", "copied": "copy"}


def run(*command, cwd, **environment):
    plain = {
        k: v for k, v in os.environ.items() if not k.startswith(("JAXSMITH", "PYTHON", "MAKE"))
    }
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        env={**plain, **environment},
    )


def take(project, how):
    there = project.parent / PLACES[how]
    if how == "copied":
        shutil.copytree(project, there, symlinks=True)
    else:
        project.rename(there)
    return there


@pytest.mark.skipif(JAXSMITH.parent != ROOT / "build", reason="built outside of the project")
@pytest.mark.parametrize("how", PLACES)
def test_the_program_uses_the_python_beside_it(how, tmp_path):
    project = tmp_path / "project"
    (project / "build").mkdir(parents=True)
    shutil.copy(JAXSMITH, project / "build" / "jaxsmith")
    shutil.copytree(ROOT / "python", project / "python")
    (project / ".venv" / "bin").mkdir(parents=True)
    os.symlink((ROOT / ".venv" / "lib").resolve(), project / ".venv" / "lib")
    # Says who it was, and with what package, and is then the Python that has JAX.
    python = project / ".venv" / "bin" / "python"
    python.write_text(
        f'#!/bin/sh\necho "$0 $PYTHONPATH" >> {tmp_path}/started\nexec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    there = take(project, how)
    command = ["build/jaxsmith", "extract", "jax.numpy:sin", "--arg", "f32[2]", "--level", "jaxpr"]
    done = run(*command, cwd=there)
    assert done.returncode == 0 and "sin" in done.stdout, done.stderr
    for line in (tmp_path / "started").read_text().splitlines():
        assert line == f"{there}/.venv/bin/python {there}/python"
    libraries = run("ldd", there / "build" / "jaxsmith", cwd=there).stdout
    arrow = [line for line in libraries.splitlines() if "libarrow" in line]
    assert arrow and all(f"=> {there}/" in line for line in arrow), libraries


@pytest.fixture(scope="module")
def configured(tmp_path_factory):
    """A copy of the sources, configured. The environment's own set-up is not what is tried here."""
    project = tmp_path_factory.mktemp("configured") / "project"
    shutil.copytree(
        ROOT,
        project,
        symlinks=True,
        ignore=shutil.ignore_patterns("build*", ".git", ".venv", "*_cache", "__pycache__", "*.so"),
    )
    os.symlink((ROOT / ".venv").resolve(), project / ".venv")
    done = configure(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return project


def configure(project):
    return run("make", "-o", "setup", "configure", "tool", "-o", "tool", cwd=project)


def names_in(file):
    return file.read_text(errors="replace")


@pytest.mark.parametrize("how", ["copied", "moved", "renamed with a space"])
def test_the_build_is_configured_anew(configured, how):
    project = configured if configured.exists() else next(configured.parent.iterdir())
    old = str(project)
    there = take(project, how)
    done = configure(there)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"was configured in {old}: configuring anew" in done.stderr
    for name in ("CMakeCache.txt", "build.ninja"):
        assert f"{old}/" not in names_in(there / "build" / name).replace(f"{there}/", "")
    assert f"CMAKE_HOME_DIRECTORY:INTERNAL={there}\n" in names_in(
        there / "build" / "CMakeCache.txt"
    )
    # A second time there is nothing to do.
    before = (there / "build" / "CMakeCache.txt").stat().st_mtime_ns
    done = configure(there)
    assert (done.returncode, done.stderr) == (0, "")
    assert (there / "build" / "CMakeCache.txt").stat().st_mtime_ns == before
    if how == "copied":
        shutil.rmtree(there)


@pytest.mark.parametrize("name", ["elsewhere", "my project", "x" * 130])
def test_the_environment_works_where_it_is(name, tmp_path):
    project, there = tmp_path / "project", tmp_path / name
    (project / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "relocate_environment.py", project / "tools")
    done = run(sys.executable, "-m", "venv", project / ".venv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    relocate = [sys.executable, "tools/relocate_environment.py"]
    assert run(*relocate, cwd=project).stderr == ""
    for old, new in ((project, there), (there, project)):  # and back
        old.rename(new)
        done = run(*relocate, cwd=new)
        assert done.returncode == 0 and f"moved from {old}" in done.stderr
        done = run(new / ".venv" / "bin" / "pip", "--version", cwd=new)
        assert done.returncode == 0 and f"{new}/.venv/lib" in done.stdout, done.stderr
        activated = run("sh", "-c", '. .venv/bin/activate; echo "$VIRTUAL_ENV"', cwd=new)
        assert activated.stdout.strip() == str(new / ".venv")
        assert run(*relocate, cwd=new).stderr == ""
