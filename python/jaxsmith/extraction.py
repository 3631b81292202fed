"""`jaxsmith.extract`: any JAX function's levels, case, cost and alignment."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from typing import Any

import jax
import numpy as np

from jaxsmith import jax_private, transforms
from jaxsmith.base.words import SOURCE
from jaxsmith.errors import ExtractionError, JaxsmithError, from_jax
from jaxsmith.levels import LEVELS, MADE, TABLE, Reach, producer, spans_column
from jaxsmith.provenance import alignment, source
from jaxsmith.sample import Case, Cost, Sample
from jaxsmith.spans import Span
from jaxsmith.transforms import Transform


def extract(
    fn: Callable[..., Any],
    *args: Any,
    levels: Sequence[str] = MADE,
    transform: Transform | Sequence[Transform] = (),
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: int | Sequence[int] | None = None,
    donate_argnames: str | Sequence[str] | None = None,
    in_shardings: Any = None,
    out_shardings: Any = None,
    keep_unused: bool = False,
    inline: bool = False,
    compiler_options: dict[str, Any] | None = None,
    **kwargs: Any,
) -> "Extraction":
    """The levels of a JAX function for the given arguments, as JAX itself prints them.

    `fn` is anything that `jax.jit` takes, and callable objects that cannot be hashed besides:
    functions, lambdas, methods, partials, modules, functions that are jitted or transformed
    already. `args` and `kwargs` are its arguments: pytrees of arrays, of any shape and dtype, or
    of `jax.ShapeDtypeStruct` where no case is wanted. The keywords of `jax.jit` mean what they mean
    there; all others go to `fn`.

    `levels`: which of `jaxsmith.levels.MADE` to make: those that JAX gives.
    `transform`: "grad", "value_and_grad", "vmap", "jvp", "vjp", "jacfwd", "jacrev", "hessian",
    "checkpoint", with JAX's keywords as in "vmap(in_axes=(0, None))", or any function of a
    function; several are composed in order, the first one innermost. The arguments are those of the
    transformed function; tangents and cotangents (ones) are added by jaxsmith.

    A level that JAX cannot make is None, and `missing` says why. Raises ExtractionError where JAX
    cannot trace the function or make any of the levels: JAX's reason in one line, with the
    function's line. Raises JaxsmithError for a level or a transform that there is not. What ends the
    process, such as a crash in XLA, ends this one: `jaxsmith extract` has one of its own for it.

        >>> import jax.numpy as jnp
        >>> import jaxsmith
        >>> def wave(x):
        ...     return 2.0 * jnp.sin(x)
        >>> sample = jaxsmith.extract(wave, jnp.ones(3), transform=["grad", "vmap"])
        >>> print(sample.jaxpr)
        { lambda ; a:f32[3]. let
            b:f32[3] = sin a
            c:f32[3] = cos a
            _:f32[3] = mul 2.0:f32[] b
            d:f32[] = mul 2.0:f32[] 1.0:f32[]
            e:f32[3] = mul d c
          in (e,) }
    """
    unknown = [level for level in levels if level not in MADE]
    if unknown or isinstance(levels, str):
        wrong = levels if isinstance(levels, str) else unknown[0]
        raise JaxsmithError(f"levels: {wrong!r} is not in the list of {', '.join(MADE)}")
    given: Sequence[Transform]
    if isinstance(transform, Sequence) and not isinstance(transform, str):
        given = transform
    else:
        given = [transform]
    steps = [transforms.parse(each) for each in given]
    keywords = {
        "static_argnums": static_argnums,
        "static_argnames": static_argnames,
        "donate_argnums": donate_argnums,
        "donate_argnames": donate_argnames,
        "keep_unused": keep_unused,
        "inline": inline,
        "compiler_options": compiler_options,
    }
    # JAX tells "not given" from None here.
    if in_shardings is not None:
        keywords["in_shardings"] = in_shardings
    if out_shardings is not None:
        keywords["out_shardings"] = out_shardings
    return Extraction(fn, args, kwargs, tuple(levels), steps, keywords)


class Extraction(Sample):
    """What `jaxsmith.extract` gives.

    `traced`, `lowered` and `compiled` are JAX's own stages, for what is not here; `lowered` and
    `compiled` are None where no level needed them. `case`, `cost` and `spans` are made when they
    are first asked for; `case` runs the function.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        levels: Sequence[str],
        steps: Sequence[transforms.Step],
        keywords: dict[str, Any],
    ):
        self.function = fn
        self.transformation = transforms.describe(steps)
        self._keywords = {k: v for k, v in keywords.items() if v is not None and v is not False}
        self._kwargs = kwargs
        try:
            composed, self._args = transforms.compose(_hashable(fn), steps, args, kwargs)
            self._jitted: Any = jax.jit(composed, **self._keywords)
            self.traced = self._trace(steps)
        except JaxsmithError:
            raise
        except Exception as error:
            raise from_jax("trace", error) from error
        self._composed = composed
        self.levels: dict[str, str] = {}
        self.lowered: jax.stages.Lowered | None = None
        self.compiled: jax.stages.Compiled | None = None
        self.wanted = tuple(level for level in LEVELS if level in levels)
        # Of the levels, as they are asked for.
        self._lines: dict[str, Sequence[alignment.Located]] = {}
        self._failures: dict[str, ExtractionError] = {}
        self._stages_failed: dict[str, ExtractionError] = {}
        for level in self.wanted:
            self.make(level)
        if self.wanted and not self.levels:
            raise self._failures[self.wanted[0]]

    def make(self, level: str) -> None:
        """Makes the text of a level, with the stages that it needs, if that has not been tried."""
        if level in self.levels or level in self._failures:
            return
        try:
            self.levels[level] = self._made(level)
        except ExtractionError as error:
            self._failures[level] = error

    def _made(self, level: str) -> str:
        reach = TABLE[level].reach
        if reach != Reach.TRACED and self.lowered is None:
            self.lowered = self._once("lower", self.traced.lower)
        if reach == Reach.COMPILED and self.compiled is None:
            assert self.lowered is not None
            self.compiled = self._once("compile", self.lowered.compile)
        return _staged(TABLE[level].stage, lambda: producer(level).text(self))

    def _once(self, stage: str, act: Callable[[], Any]) -> Any:
        """A stage that has failed is not tried again."""
        if stage in self._stages_failed:
            raise self._stages_failed[stage]
        try:
            return _staged(stage, act)
        except ExtractionError as error:
            self._stages_failed[stage] = error
            raise

    @property
    def missing(self) -> Mapping[str, str]:
        found = {part: e.reason for part, e in self._failures.items()}
        if self.source_text is None:
            found[SOURCE] = source.why_none_of(self.function)
        return found

    def failure(self, part: str) -> ExtractionError | None:
        """Why a level could not be made, with JAX's exception as its cause."""
        return self._failures.get(part)

    def _trace(self, steps: Sequence[transforms.Step]) -> jax.stages.Traced:
        try:
            return self._jitted.trace(*self._args, **self._kwargs)
        except Exception:
            # A function that is jitted already may have static arguments of its own, which another
            # jit around it does not know of.
            own = getattr(self.function, "trace", None)
            if own is None or steps or self._keywords:
                raise
            traced = own(*self._args, **self._kwargs)
            self._jitted = self.function
            return traced

    @cached_property
    def callable_name(self) -> str:
        """`module:qualified.name` of the function, as far as it has these."""
        inner = source.underlying(self.function)
        module, name = getattr(inner, "__module__", ""), getattr(inner, "__qualname__", "")
        return f"{module}:{name}" if module and name else name

    def static_values(self) -> dict[str, Any]:
        """The static arguments by name; those that have none by their position."""
        positions, names = self._statics()
        found = {name: self._kwargs[name] for name in names if name in self._kwargs}
        parameters = _parameter_names(self._composed)
        for place in sorted(positions):
            name = parameters[place] if place < len(parameters) else str(place)
            found[name] = self._args[place]
        return found

    def _statics(self) -> tuple[set[int], tuple[str, ...]]:
        positions, names = jax_private.static_arguments(
            self._composed,
            self._keywords.get("static_argnums"),
            self._keywords.get("static_argnames"),
        )
        count = len(self._args)
        return {i % count for i in positions if -count <= i < count}, names

    @property
    def computation(self) -> jax_private.Computation:
        """The lowering and the executable."""
        assert self.lowered is not None
        return jax_private.computation_of(self.lowered, self.compiled)

    @cached_property
    def source_text(self) -> source.SourceText | None:
        """The source with where it stands in its file."""
        return source.source_of(self.function)

    @property
    def source(self) -> str | None:
        return None if self.source_text is None else self.source_text.text

    @property
    def entry(self) -> str:
        if self.source_text is not None:
            return self.source_text.entry
        inner = source.underlying(self.function)
        return getattr(inner, "__qualname__", type(inner).__qualname__)

    def level(self, name: str) -> str | None:
        if name not in LEVELS:
            raise KeyError(f"there is no level {name!r}; there are {', '.join(LEVELS)}")
        return self.levels.get(name)

    @cached_property
    def spans(self) -> Mapping[str, list[Span]]:
        """For each level that was made, where each line with an operation comes from."""
        return {level: self.spans_of(level) for level in self.levels}

    def spans_of(self, level: str) -> list[Span]:
        """That of one level; empty where it cannot be told, and then `missing` says why."""
        try:
            located = _staged("lower", lambda: self._located(level))
            by = producer(level).placed_by
            whole = _staged("lower", lambda: self._located(by)) if by is not None else ()
        except ExtractionError as error:
            self._failures[spans_column(level)] = error
            return []
        return alignment.spans(located, self.source_text, whole)

    def _located(self, level: str) -> Sequence[alignment.Located]:
        if level not in self._lines:
            how = producer(level)
            text = self.levels[level] if level in self.levels else how.text(self)
            self._lines[level] = how.located(self, text)
        return self._lines[level]

    @cached_property
    def case(self) -> Case | None:
        """The arguments and what the function gave on them; None where an argument has no value (a
        ShapeDtypeStruct) or a type that NumPy cannot hold. Raises ExtractionError where the run
        fails."""
        inputs = self.flat_inputs()
        if inputs is None:
            return None
        outputs = self.flat_outputs()
        if outputs is None:
            return None
        closed = self.traced.jaxpr
        names = jax_private.argument_names(closed)
        results = jax_private.result_names(closed)
        return Case(_by_name(names, inputs, "argument"), _by_name(results, outputs, "result"))

    def flat_inputs(self) -> list[np.ndarray] | None:
        """The arrays of the dynamic arguments, in the jaxpr's order."""
        static, names = self._statics()
        args = [each for i, each in enumerate(self._args) if i not in static]
        kwargs = {name: each for name, each in self._kwargs.items() if name not in names}
        leaves = jax.tree.leaves((tuple(args), kwargs))
        avals = self.traced.jaxpr.in_avals
        if len(leaves) != len(avals):
            return None  # statics that only the function itself knows of
        return _arrays(leaves, [aval.dtype for aval in avals])

    def flat_outputs(self) -> list[np.ndarray] | None:
        """The arrays of the result of one call."""
        for failed in self._stages_failed.values():  # the call would come to it as well
            raise failed
        copies = jax.tree.map(_copied, (tuple(self._args), self._kwargs))
        results = _staged("run", lambda: self._jitted(*copies[0], **copies[1]))
        jax.effects_barrier()
        leaves = jax.tree.leaves(results)
        return _arrays(leaves, [None] * len(leaves))

    @cached_property
    def cost(self) -> Cost | None:
        if self.compiled is None:
            return None
        figures = self.computation.cost_analysis()
        return Cost(float(figures.get("flops", 0)), float(figures.get("bytes accessed", 0)))


def _staged(stage: str, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:
        raise from_jax(stage, error) from error


def _hashable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """jax.jit keeps what it has traced by the function's hash; modules that hold arrays have none."""
    if not callable(fn):
        raise JaxsmithError(f"{fn!r} is not callable: give a function")
    try:
        hash(fn)
        return fn
    except TypeError:
        pass

    def call(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    try:
        wraps(fn)(call)
    except (AttributeError, TypeError):
        pass
    call.__name__ = str(getattr(fn, "__name__", type(fn).__name__))
    return call


def _parameter_names(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (ValueError, TypeError):
        return []


def _by_name(
    names: Sequence[str], arrays: Sequence[np.ndarray], what: str
) -> dict[str, np.ndarray]:
    return {
        name or f"{what}{i}": array
        for i, (name, array) in enumerate(zip(names, arrays, strict=True))
    }


def _copied(leaf: Any) -> Any:
    """A copy of an array, since a call may donate what it is given."""
    if isinstance(leaf, jax.Array) and not isinstance(leaf, jax.core.Tracer):
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.extended):
            return jax.random.wrap_key_data(
                jax.random.key_data(leaf).copy(), impl=jax.random.key_impl(leaf)
            )
        return leaf.copy()
    return leaf


def _arrays(leaves: Sequence[Any], dtypes: Sequence[Any]) -> list[np.ndarray] | None:
    out = []
    for leaf, dtype in zip(leaves, dtypes, strict=True):
        if isinstance(leaf, jax.ShapeDtypeStruct):
            return None
        if hasattr(leaf, "dtype") and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            out.append(np.asarray(jax.random.key_data(leaf)))
            continue
        try:
            out.append(np.asarray(leaf, dtype))
        except (TypeError, ValueError):
            return None
    return out


__all__ = ["Extraction", "ExtractionError", "extract"]
