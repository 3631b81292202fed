"""Texts of IR read, verified and executed without JAX: jaxprs, StableHLO and HLO.

The work is done in C++ without Python's lock: threads run side by side. A text may be anything,
what a model wrote for example: it gives a program or an IRError, within the steps and the memory
that are allowed.
"""

from typing import Any

import numpy as np

from jaxsmith import _core
from jaxsmith.base import arrays
from jaxsmith.errors import IRError, checked_text

# What a text may use: elementary operations, each about a nanosecond, and bytes held at a time.
STEPS = 4_000_000_000
MEMORY = 4 << 30


class Program:
    """A text of IR, parsed. Made by `parse`."""

    def __init__(self, text: str, level: str | None = None, name: str = ""):
        for value, what in ((text, "text"), (level or "", "level"), (name, "name")):
            checked_text(value, what)
        self._program = _core.Program(level or "", text, name)
        self.text = text

    @property
    def level(self) -> str:
        """Its name: one of `jaxsmith.levels.LEVELS`."""
        return self._program.level

    @property
    def arguments(self) -> list[str]:
        """Types of what it takes, as JAX prints them: "f32[2,3]". A jaxpr's constants come first."""
        return self._program.arguments()

    @property
    def results(self) -> list[str]:
        """Types of what it gives."""
        return self._program.results()

    def verify(self) -> None:
        """Raises IRError where the text breaks a rule of its language: types, shapes, scopes,
        attributes."""
        self._program.verify()

    def evaluate(self, *inputs: Any, steps: int = STEPS, memory: int = MEMORY) -> list[np.ndarray]:
        """The results for these inputs, NumPy arrays or what `numpy.asarray` makes of them.

        Types must be those of `arguments`; Python's numbers take the type that is wanted. Raises
        IRError, BudgetError where it takes more than `steps` or `memory`, UnsupportedError where an
        operation is not known.
        """
        found = self._program.evaluate(self._encoded(inputs), steps, memory)
        return [
            np.frombuffer(data, arrays.DTYPES[dtype]).reshape(shape) for dtype, shape, data in found
        ]

    def canonical(self) -> str:
        """The text that all programs share which differ in names, order of attributes and the like
        only; it can be read itself."""
        return self._program.canonical()

    def structural_hash(self) -> str:
        """A digest of the canonical text: 32 hexadecimal digits."""
        return self._program.structural_hash()

    def _encoded(self, inputs: tuple[Any, ...]) -> list[tuple[str, list[int], bytes]]:
        wanted = self.arguments
        if len(wanted) != len(inputs):
            raise IRError(f"it takes {len(wanted)} arguments, not {len(inputs)}")
        out = []
        for place, (value, aval) in enumerate(zip(inputs, wanted, strict=True)):
            python = isinstance(value, (bool, int, float, complex, list, tuple))
            element = aval.split("[")[0]
            wanted_type = arrays.DTYPES.get(element)
            try:
                array = np.asarray(value, wanted_type if python else None)
            except (TypeError, ValueError, OverflowError) as error:
                raise IRError(f"input {place} is no {aval}: {error}") from None
            name = arrays.dtype_name(array.dtype)
            if name is None:
                raise IRError(f"input {place} has dtype {array.dtype}, {aval} is wanted")
            if wanted_type and name != element:
                raise IRError(
                    f"input {place} is {name}, {aval} is wanted: give numpy.asarray(x, {wanted_type.name!r})"
                )
            data = np.ascontiguousarray(array).tobytes()
            out.append((name, list(array.shape), data))
        return out

    def __str__(self) -> str:
        """As JAX prints it."""
        return self._program.print()

    def __repr__(self) -> str:
        return f"<Program {self.level}, {len(self.text)} characters>"


def parse(text: str, level: str | None = None, name: str = "") -> Program:
    """Reads a text of IR.

    `level`: one of `jaxsmith.levels.LEVELS`; told by the text's first words, or by the ending of
    `name`, where it is not given. `name`: what errors call the text. Raises IRError with line, column, the line and
    a caret, TypeError for what is no text.

        >>> import jaxsmith
        >>> program = jaxsmith.parse("{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }")
        >>> program.level, program.arguments, program.results
        ('jaxpr', ['f32[3]'], ['f32[3]'])
    """
    return Program(text, level, name)


def verify(text: str, level: str | None = None) -> None:
    """Raises IRError where a text cannot be read or breaks a rule of its language.

    >>> import jaxsmith
    >>> jaxsmith.verify("{ lambda ; a:f32[3]. let b:f32[4] = sin a in (b,) }")
    Traceback (most recent call last):
    ...
    jaxsmith.errors.IRError: jaxpr:1:26: result 0 of sin is f32[3], not f32[4]
        { lambda ; a:f32[3]. let b:f32[4] = sin a in (b,) }
                                 ^
    """
    parse(text, level).verify()


def evaluate(
    text: str,
    *inputs: Any,
    level: str | None = None,
    steps: int = STEPS,
    memory: int = MEMORY,
) -> list[np.ndarray]:
    """What a text gives for these inputs; see `Program.evaluate`.

    >>> import jaxsmith
    >>> jaxsmith.evaluate(
    ...     "{ lambda ; a:i32[3]. let b:i32[3] = mul a 2:i32[] in (b,) }", [1, 2, 3]
    ... )
    [array([2, 4, 6], dtype=int32)]
    """
    return parse(text, level).evaluate(*inputs, steps=steps, memory=memory)


def canonical(text: str, level: str | None = None) -> str:
    """The text that all programs share which differ in names, order and the like only.

    >>> import jaxsmith
    >>> one = jaxsmith.canonical("{ lambda ; x:f32[]. let y:f32[] = sin x in (y,) }")
    >>> one == jaxsmith.canonical("{ lambda ; a:f32[]. let\\n  b:f32[] = sin a in (b,) }")
    True
    """
    return parse(text, level).canonical()


def structural_hash(text: str, level: str | None = None) -> str:
    """A digest of the canonical text: 32 hexadecimal digits.

    >>> import jaxsmith
    >>> len(jaxsmith.structural_hash("{ lambda ; x:f32[]. let y:f32[] = sin x in (y,) }"))
    32
    """
    return parse(text, level).structural_hash()
