"""Runs when a Python process starts below `jaxsmith capture`, which has put this folder in front of
PYTHONPATH: waits for JAX to be imported and then has it watched. The program sees the environment,
the search path, the finders and the modules that it would have without."""

import sys


def _begin():
    import atexit
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
    unnoticed = _once_executed("jax", lambda: _watch(os, folder, packages, settings))

    def at_exit():
        # With its library, since a program may have a module of this name that is not JAX.
        if "jaxlib" in sys.modules and unnoticed():
            _tell(
                os, folder, f"process {os.getpid()}: it imported JAX in a way that is not noticed"
            )

    atexit.register(at_exit)


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
        import posix
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

    def mapping_with_ours(environment):
        try:
            pairs = [(os.fsencode(k), os.fsencode(v)) for k, v in environment.items()]
        except Exception:  # the function itself will say what is wrong with it
            return environment
        if any(b"=" in key for key, _ in pairs):
            return environment
        entries = with_ours([key + b"=" + value for key, value in pairs])
        return dict(entry.split(b"=", 1) for entry in entries)

    def wrapped(function):
        def call(path, argv, env, **more):
            return function(path, argv, mapping_with_ours(env), **more)

        call.__name__ = call.__qualname__ = function.__name__
        call.__doc__ = function.__doc__
        return call

    # What the others of `os` that take an environment call: execvpe, execle, spawnve and so on.
    for name in ("execve", "posix_spawn", "posix_spawnp"):
        function = getattr(os, name, None)
        if function is None:
            continue
        call = wrapped(function)
        if function in os.supports_fd:
            os.supports_fd.add(call)
        setattr(os, name, call)
        setattr(posix, name, call)


def _once_executed(name, act):
    """Has `act` called when a module has been executed, now where it has been already. Gives a
    function that tells whether it was executed in a way that could not be noticed.

    All of Python's loaders of source and bytecode execute modules by one method, whoever found the
    module, on whatever way: import, find_spec, lazily, by a finder of the program's own. So it is
    that method which waits, and not a finder, which a program may ask, pass over or take away. A
    loader of the program's own may execute modules by itself; for it the function waits by which
    every import loads.
    """
    import _frozen_importlib as bootstrap
    import _frozen_importlib_external as external

    loaders = external._LoaderBasics
    execute, load = loaders.exec_module, bootstrap._load_unlocked  # type: ignore[attr-defined]

    def exec_module(self, module):
        execute(self, module)
        if getattr(module, "__name__", None) == name:
            now_executed()

    def _load_unlocked(spec):
        module = load(spec)
        if spec.name == name and has_version(module):
            now_executed()
        return module

    def has_version(module):
        try:  # whatever the module does when it is asked for an attribute, as lazy ones do
            return "__version__" in object.__getattribute__(module, "__dict__")
        except AttributeError:
            return False

    def now_executed():
        nonlocal act
        if loaders.exec_module is exec_module:
            loaders.exec_module = execute  # type: ignore[method-assign]
        if bootstrap._load_unlocked is _load_unlocked:  # type: ignore[attr-defined]
            bootstrap._load_unlocked = load  # type: ignore[attr-defined]
        act, todo = None, act
        if todo is not None:
            todo()

    # Python leaves its own frames out of the tracebacks of failed imports, and tells them by this name.
    for function in (exec_module, _load_unlocked, now_executed):
        function.__code__ = function.__code__.replace(co_filename=execute.__code__.co_filename)
    loaders.exec_module = exec_module  # type: ignore[method-assign]
    bootstrap._load_unlocked = _load_unlocked  # type: ignore[attr-defined]
    module = sys.modules.get(name)  # a .pth file may import it
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        now_executed()
    return lambda: act is not None and has_version(sys.modules.get(name))


def _watch(os, folder, packages, settings):
    """Has the recorder started, and says why where that does not work."""
    sys.path.insert(0, packages)
    try:
        from jaxsmith import versions

        problem = versions.problem(also=())
        if problem is None:
            from jaxsmith.watching.recorder import Recorder
            from jaxsmith.watching.sink import FileSink

            everything = settings["JAXSMITH_CAPTURE_ALL"] == "1"
            sink = FileSink(folder)
            Recorder(sink, everything, sink.lost).start()
            return
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    finally:
        if packages in sys.path:
            sys.path.remove(packages)
    _tell(os, folder, problem.split("\n")[0])


def _tell(os, folder, problem):
    """Leaves a line for the person who captures; where there is no room for it, a file's name."""
    try:
        with open(os.path.join(folder, "problems"), "a") as file:
            file.write(problem + "\n")
    except OSError:
        try:
            os.mknod(os.path.join(folder, f"lost-{os.getpid()}"))
        except OSError:
            pass


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
