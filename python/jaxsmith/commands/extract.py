"""What `jaxsmith extract` runs in the user's Python: a request comes in on descriptor 3, one line of
JSON; the answer goes out on descriptor 4, a line for each part of the function's record."""

import ast
import contextlib
import importlib
import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
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
    sample = Extraction(
        function, args, kwargs, (), steps, {"static_argnames": tuple(static) or None}
    )
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
        module = _module_of_file(place)
    elif ":" in target:
        place, _, name = target.rpartition(":")
        module = _module_of_name(place)
    else:
        raise JaxsmithError(f"'{target}': write file.py::function or package.module:function")
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise JaxsmithError(f"'{target}': {place} has no {name}{_near(found, part)}")
        found = getattr(found, part)
    if not callable(found):
        raise JaxsmithError(f"'{target}': {name} is a {type(found).__name__}, not a function")
    return module, found


def _near(owner: Any, name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, [n for n in dir(owner) if not n.startswith("__")], n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _module_of_file(path: str) -> ModuleType:
    from jaxsmith.errors import JaxsmithError, from_jax

    if not os.path.isfile(path):
        raise JaxsmithError(f"'{path}': there is no such file")
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
    from jaxsmith.commands import avals
    from jaxsmith.errors import JaxsmithError

    static = dict(_static(text, module) for text in request["statics"])
    if request["example"] is not None:
        given, kwargs = _example(request["example"], module)
        positional: list[Any] = list(given)
    else:
        positional, kwargs = [], {}
        for position, text in enumerate(request["arguments"]):
            name, equals, written = text.partition("=")
            if equals:
                kwargs[name.strip()] = avals.example(written, position, for_run=request["case"])
            else:
                positional.append(avals.example(text, position, for_run=request["case"]))
    signature = _signature(function)
    if signature is None:
        return positional, {**kwargs, **static}, static
    unknown = [name for name in static if not _accepts(signature, name)]
    if unknown:
        raise JaxsmithError(f"--static {unknown[0]}: the function has no such argument")
    args, kwargs = _placed(signature, positional, {**kwargs, **static})
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        shown = f"{getattr(function, '__name__', type(function).__name__)}{signature}"
        raise JaxsmithError(
            f"{error}: the function is {shown}; give its arguments by --arg 'f32[8,8]', in order, or"
            " by --example"
        ) from None
    return args, kwargs, static


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None


def _accepts(signature: inspect.Signature, name: str) -> bool:
    kinds = [p.kind for p in signature.parameters.values()]
    return name in signature.parameters or inspect.Parameter.VAR_KEYWORD in kinds


def _placed(
    signature: inspect.Signature, positional: list[Any], keywords: dict[str, Any]
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
    """`name=value`: a Python literal, else an expression of the module, else the text itself."""
    from jaxsmith.errors import JaxsmithError

    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise JaxsmithError(f"--static {text}: write name=value")
    try:
        return name.strip(), ast.literal_eval(value)
    except (ValueError, SyntaxError):
        pass
    if "." in value or "(" in value or value in module.__dict__:
        try:
            return name.strip(), eval(value, dict(module.__dict__))
        except Exception as error:
            raise JaxsmithError(
                f"--static {text}: {type(error).__name__}: {error}; write a Python value"
            ) from None
    return name.strip(), value


def _example(text: str, module: ModuleType) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The expression's value as arguments: a tuple of them, or such a tuple and keywords; anything
    else is the one argument."""
    from jaxsmith.errors import JaxsmithError

    names = {**_handy(), **module.__dict__}
    try:
        value = eval(text, names)
    except Exception as error:
        raise JaxsmithError(f"--example: {type(error).__name__}: {error}, in: {text}") from None
    if not isinstance(value, tuple) or hasattr(value, "_fields"):
        return (value,), {}
    if (
        len(value) == 2
        and isinstance(value[0], tuple)
        and isinstance(value[1], dict)
        and all(isinstance(name, str) for name in value[1])
    ):
        return value
    return value, {}


def _handy() -> dict[str, Any]:
    """Names that an example may use though the function's module does not."""
    import jax
    import numpy as np

    return {"jax": jax, "jnp": jax.numpy, "np": np}


if __name__ == "__main__":
    sys.exit(main())
