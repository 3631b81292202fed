"""Runs when a Python process starts below `jaxsmith capture`, which has put this folder in front of
PYTHONPATH: waits for JAX to be imported and then has it watched. The program sees the environment,
the search path and the modules that it would have without."""

import sys


def _begin():
    import os

    here = os.path.dirname(os.path.abspath(__file__))
    settings = {
        name: os.environ.get(name)
        for name in ("JAXSMITH_CAPTURE", "JAXSMITH_CAPTURE_ALL", "JAXSMITH_CAPTURE_PATH")
    }
    folder, packages = settings["JAXSMITH_CAPTURE"], settings["JAXSMITH_CAPTURE_PATH"]
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    original = _hide(os, here, settings)
    if not folder or not packages:
        return
    _pass_on(os, original, settings)
    try:
        open(os.path.join(folder, "started"), "ab").close()
    except OSError:
        return
    sys.meta_path.insert(0, _WhenImported("jax", lambda: _watch(os, folder, packages, settings)))


def _hide(os, here, settings):
    """Takes our variables out of what the program sees; the C environment keeps them, so that the
    processes it starts are captured too. Gives what was taken, with our values."""
    original = {name: value for name, value in settings.items() if value is not None}
    paths = os.environ.get("PYTHONPATH", "")
    original["PYTHONPATH"] = paths
    rest = [entry for entry in paths.split(os.pathsep) if os.path.abspath(entry or ".") != here]
    data = os.environ._data
    for name in original:
        data.pop(os.environ.encodekey(name), None)
    if any(rest):
        data[os.environ.encodekey("PYTHONPATH")] = os.environ.encodevalue(os.pathsep.join(rest))
    return original


def _pass_on(os, original, settings):
    """Processes that are started with an environment of their own get our variables as well."""
    try:
        import _posixsubprocess
    except ImportError:
        return
    fork_exec = _posixsubprocess.fork_exec
    encoded = [os.fsencode(f"{name}={value}") for name, value in original.items()]
    names = tuple(os.fsencode(f"{name}=") for name in original)
    ours = os.fsencode(original["PYTHONPATH"].split(os.pathsep)[0])

    def with_ours(environment):
        kept, paths = [], b""
        for entry in environment:
            if entry.startswith(b"PYTHONPATH="):
                paths = entry[11:]
            elif not entry.startswith(names):
                kept.append(entry)
        kept += [entry for entry in encoded if not entry.startswith(b"PYTHONPATH=")]
        joined = [ours, paths] if paths else [ours]
        return [*kept, b"PYTHONPATH=" + os.pathsep.encode().join(joined)]

    def fork_exec_with_ours(*arguments):
        changed = list(arguments)
        if len(changed) > 5 and isinstance(changed[5], (list, tuple)):
            changed[5] = with_ours(changed[5])
        return fork_exec(*changed)

    # `subprocess` takes the function from the module when it is first imported.
    _posixsubprocess.fork_exec = fork_exec_with_ours


class _WhenImported:
    """A finder that finds a module as others do, and acts once it has been executed."""

    def __init__(self, name, act):
        self._name, self._act = name, act

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        from importlib.util import find_spec

        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is None or spec.loader is None:
            sys.meta_path.insert(0, self)
            return spec
        loader, act = spec.loader, self._act
        execute = loader.exec_module

        def exec_module(module):
            del loader.exec_module
            execute(module)
            act()

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _watch(os, folder, packages, settings):
    """Has the recorder started, and says why where that does not work."""
    sys.path.insert(0, packages)
    try:
        from jaxsmith import versions

        problem = versions.problem(also=())
        if problem is None:
            from jaxsmith.watching import recorder

            sink = recorder.FileSink(folder)
            recorder.Recorder(sink, settings["JAXSMITH_CAPTURE_ALL"] == "1").start()
            return
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    finally:
        if packages in sys.path:
            sys.path.remove(packages)
    with open(os.path.join(folder, "problems"), "a") as file:
        file.write(problem.split("\n")[0] + "\n")


def _chain():
    """The sitecustomize that the program would have had."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize")
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


try:
    _begin()
except Exception:  # nothing of ours may stop the program
    pass
_chain()
