"""What `jaxsmith extract` runs in the user's Python: a request comes in on descriptor 3, one line of
JSON; the answer goes out on descriptor 4, a line for each part of the function's record."""

import contextlib
import importlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

from jaxsmith import versions
from jaxsmith.levels import LEVELS


def main() -> int:
    with os.fdopen(3, "rb") as requests:
        request = json.loads(requests.readline())
    # The functions' own prints are for the person at the terminal, not for the answer.
    os.set_inheritable(4, False)
    with os.fdopen(4, "wb") as answers:
        for part in _answer(request):
            with contextlib.suppress(OSError):  # nobody reads it: no reason to lose the answer
                sys.stdout.flush()  # before the answer, with which the other side may be done
            line = json.dumps(part, ensure_ascii=False).encode("utf-8", "replace")
            answers.write(line + b"\n")
            answers.flush()  # what comes next may end this process
    return 0


def _answer(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    problem = versions.problem(also=("numpy",))
    if problem is not None:
        yield {"type": "error", "kind": "environment", "message": problem}
        return
    from jaxsmith.errors import ExtractionError, JaxsmithError, from_jax

    yield {"type": "ready"}  # from here on it is the function that may end the process
    try:
        yield from _extract(request)
    except ExtractionError as error:
        yield {"type": "error", "kind": "function", "message": str(error)}
    except JaxsmithError as error:
        yield {"type": "error", "kind": "usage", "message": str(error)}
    except (Exception, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # what a function may raise besides
        message = str(from_jax("trace", error))
        yield {"type": "error", "kind": "function", "message": message}


def _extract(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The function's record, part by part."""
    import jax

    if request["x64"]:
        jax.config.update("jax_enable_x64", True)
    from jaxsmith import errors, transforms
    from jaxsmith.extraction import Extraction
    from jaxsmith.records import extracted

    steps = [transforms.parse(each) for each in request["transforms"]]
    module, function = load(request["target"])
    args, kwargs, static = _arguments(request, module, function)
    devices = request["devices"]
    if devices > len(jax.devices()):
        raise errors.JaxsmithError(
            f"--devices {devices}: there are {len(jax.devices())} (XLA_FLAGS may fix their number)"
        )
    try:
        sample = Extraction(
            function, args, kwargs, (), steps, {"static_argnames": tuple(static) or None}
        )
    except errors.ExtractionError as error:
        advice = _advice(request["target"], module, function, args)
        if not advice:
            raise
        raise errors.ExtractionError(error.stage, f"{str(error).rstrip('.')}; {advice}") from error
    sample.callable_name = request["target"]
    levels = tuple(level for level in LEVELS if level in request["levels"])
    shown = {"source": sample.source or ""}
    for part in extracted.parts_of(
        sample, levels, with_case=request["case"], with_spans=request["spans"]
    ):
        # What is shown is JAX's text to the byte; what goes into a dataset is scrubbed.
        shown |= {level: sample.levels[level] for level in part.get("levels", ())}
        yield {**part, "texts": shown}
        shown = {}


# ---- The function --------------------------------------------------------------------------------


def load(target: str) -> tuple[ModuleType, Callable[..., Any]]:
    """`path/file.py::function` or `package.module:qualified.name`."""
    from jaxsmith.errors import JaxsmithError

    if "::" in target:
        place, _, name = target.rpartition("::")
        module = _module_of_file(place, name)
    elif ":" in target:
        place, _, name = target.rpartition(":")
        module = _module_of_name(place)
    else:
        raise JaxsmithError(f"'{target}': write file.py::function or package.module:function")
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise JaxsmithError(f"'{target}': {place} has no {name}{_near(dir(found), part)}")
        found = getattr(found, part)
    if not callable(found):
        raise JaxsmithError(f"'{target}': {name} is a {type(found).__name__}, not a function")
    return module, found


def _near(names: Iterable[str], name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, [n for n in names if not n.startswith("__")], n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _advice(target: str, module: ModuleType, function: Any, args: list[Any]) -> str:
    """What to name in the place of a class, or of a method whose object is given as an argument."""
    place = target.rpartition(":")[0] + ":"
    owner = function if inspect.isclass(function) else _class_around(target, module)
    if owner is None:
        return ""

    def named(test: Callable[[Any], bool]) -> str:
        return next((name for name, value in vars(module).items() if test(value)), "OBJECT")

    if owner is function:
        instance = named(lambda value: type(value) is owner)
        return (
            f"{owner.__name__} is a class: name a function, or a method of one of its objects that the"
            f" module has, as in {place}{instance}.METHOD"
        )
    import jax

    # One that is a pytree is an argument like others.
    if not args or not isinstance(args[0], owner) or not jax.tree_util.all_leaves([args[0]]):
        return ""
    instance = named(lambda value: value is args[0])
    return (
        f"an object of the class {owner.__name__} is no array: write"
        f" {place}{instance}.{function.__name__} and leave it out of the arguments"
    )


def _class_around(target: str, module: ModuleType) -> type | None:
    """The class that a target names a method of, if it does."""
    owner: Any = module
    for part in target.rpartition(":")[2].split(".")[:-1]:
        owner = getattr(owner, part)
    return owner if inspect.isclass(owner) else None


def _module_of_file(path: str, function: str) -> ModuleType:
    from jaxsmith.errors import JaxsmithError, from_jax

    if not os.path.isfile(path):
        what = f"'{path}': there is no such file"
        if all(part.isidentifier() for part in path.split(".")):
            what += f"; of a module write {path}:{function}"
        raise JaxsmithError(what)
    full = os.path.abspath(path)
    name = os.path.splitext(os.path.basename(path))[0]
    # As `python file.py` has it: what stands beside the file can be imported.
    sys.path.insert(0, os.path.dirname(full))
    spec = importlib.util.spec_from_file_location(name, full)
    if spec is None or spec.loader is None:
        raise JaxsmithError(f"'{path}': it is no Python file; give one that ends with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise from_jax("load", error) from error
    return module


def _module_of_name(name: str) -> ModuleType:
    from jaxsmith.errors import JaxsmithError, from_jax

    sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise JaxsmithError(f"'{name}': there is no module {error.name}") from None
        raise from_jax("load", error) from error
    except ImportError as error:
        raise from_jax("load", error) from error
    except (Exception, SystemExit) as error:
        raise from_jax("load", error) from error


# ---- Its arguments -------------------------------------------------------------------------------


def _arguments(
    request: dict[str, Any], module: ModuleType, function: Callable[..., Any]
) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """Positional ones, keywords, and which of them are static."""
    from jaxsmith.errors import JaxsmithError

    static = dict(_static(text, module) for text in request["statics"])
    signature = _signature(function)
    if signature is not None:
        for name in static:
            if not _accepts(signature, name):
                near = _near(signature.parameters, name)
                raise JaxsmithError(f"--static {name}: the function has no such argument{near}")
    if request["example"] is not None:
        readings = _examples(request["example"], module)
    else:
        readings = [_described(request, signature)]
    if signature is None:
        positional, keywords = readings[0]
        return list(positional), {**keywords, **static}, static
    failures = []
    for positional, keywords in readings:
        args, kwargs = _placed(signature, positional, {**keywords, **static})
        try:
            signature.bind(*args, **kwargs)
            return args, kwargs, static
        except TypeError as error:
            failures.append(error)
    shown = f"{getattr(function, '__name__', type(function).__name__)}{signature}"
    raise JaxsmithError(
        f"{failures[0]}: the function is {shown}; give its arrays by --arg 'f32[8,8]', in order, what"
        " is static by --static NAME=VALUE, or all of them by --example"
    )


def _described(
    request: dict[str, Any], signature: inspect.Signature | None
) -> tuple[list[Any], dict[str, Any]]:
    """Positional arguments and keywords of the types that --arg gives."""
    from jaxsmith.commands import avals
    from jaxsmith.errors import JaxsmithError

    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for position, text in enumerate(request["arguments"]):
        name, equals, written = text.partition("=")
        name = name.strip()
        if equals and signature is not None and not _accepts(signature, name):
            near = _near(signature.parameters, name)
            raise JaxsmithError(f"--arg {text}: the function has no argument {name}{near}")
        made = avals.example(written if equals else text, position, for_run=request["case"])
        if equals:
            keywords[name] = made
        else:
            positional.append(made)
    return positional, keywords


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def _accepts(signature: inspect.Signature, name: str) -> bool:
    kinds = [p.kind for p in signature.parameters.values()]
    return name in signature.parameters or inspect.Parameter.VAR_KEYWORD in kinds


def _placed(
    signature: inspect.Signature, positional: Sequence[Any], keywords: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Positional arguments in the places that no keyword takes: with `n` static, `f(x, n, y)` takes
    two of them."""
    rest, keywords, args = list(positional), dict(keywords), []
    for parameter in signature.parameters.values():
        if parameter.kind == inspect.Parameter.VAR_POSITIONAL:
            args += rest
            rest = []
        if parameter.kind not in (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        ):
            break
        if not rest and parameter.kind == inspect.Parameter.POSITIONAL_OR_KEYWORD:
            break
        if parameter.name in keywords:
            args.append(keywords.pop(parameter.name))
        elif rest:
            args.append(rest.pop(0))
        else:
            break
    return args + rest, keywords


def _static(text: str, module: ModuleType) -> tuple[str, Any]:
    """`name=value`: a Python literal or an expression of the module's names."""
    from jaxsmith.errors import JaxsmithError

    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name.isidentifier():
        raise JaxsmithError(f"--static {text}: write name=value")
    try:
        return name, eval(value, {**_handy(), **module.__dict__})
    except Exception as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise JaxsmithError(
            f"--static {text}: {type(error).__name__}: {what}; write a value as Python does, a string"
            f" in quotes: --static '{name}=\"add\"'"
        ) from None


def _examples(text: str, module: ModuleType) -> list[tuple[Sequence[Any], dict[str, Any]]]:
    """What the expression's value may mean as arguments, the likeliest first: such a tuple and
    keywords, a tuple of them; anything else, a named tuple too, is the one argument."""
    from jaxsmith.errors import JaxsmithError

    names = {**_handy(), **module.__dict__}
    try:
        value = eval(text, names)
    except Exception as error:
        raise JaxsmithError(f"--example: {type(error).__name__}: {error}, in: {text}") from None
    if type(value) is not tuple:
        return [((value,), {})]
    readings: list[tuple[Sequence[Any], dict[str, Any]]] = [(value, {})]
    if (
        len(value) == 2
        and type(value[0]) is tuple
        and isinstance(value[1], dict)
        and all(isinstance(name, str) for name in value[1])
    ):
        readings.insert(0, value)
    return readings


def _handy() -> dict[str, Any]:
    """Names that an example may use though the function's module does not."""
    import jax
    import numpy as np

    return {"jax": jax, "jnp": jax.numpy, "np": np}


if __name__ == "__main__":
    sys.exit(main())
