"""Python and the IR that JAX makes of it.

    import jaxsmith

    sample = jaxsmith.extract(f, x)         # any JAX function: its jaxpr, StableHLO, HLO, a case
    with jaxsmith.capture() as captured:    # every function that JAX compiles in between
        train()
    for sample in jaxsmith.generate(count=100):  # functions that jaxsmith writes
        print(sample.source, sample.stablehlo)
    dataset = jaxsmith.load("dataset")      # what the command line has made
    jaxsmith.evaluate(stablehlo_text, x)    # any text of IR, without JAX
    jaxsmith.score(dataset[0], text)        # what a model wrote, as a reward

The names are loaded when they are first used: `import jaxsmith` does not import JAX.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxsmith.capturing import Captured, CapturedFunction, capture
    from jaxsmith.datasets import Dataset, load, save
    from jaxsmith.errors import (
        BudgetError,
        ExtractionError,
        IRError,
        JaxsmithError,
        UnsupportedError,
    )
    from jaxsmith.extraction import Extraction, extract
    from jaxsmith.generation import generate
    from jaxsmith.reading import (
        Program,
        canonical,
        evaluate,
        parse,
        structural_hash,
        verify,
    )
    from jaxsmith.sample import Case, Cost, Row, Sample
    from jaxsmith.scoring import Grader, Verdict, score
    from jaxsmith.spans import Range, Span

__all__ = [
    "BudgetError",
    "Captured",
    "CapturedFunction",
    "Case",
    "Cost",
    "Dataset",
    "Extraction",
    "ExtractionError",
    "IRError",
    "JaxsmithError",
    "Grader",
    "Program",
    "Range",
    "Row",
    "Sample",
    "Span",
    "UnsupportedError",
    "Verdict",
    "canonical",
    "capture",
    "evaluate",
    "extract",
    "generate",
    "load",
    "parse",
    "save",
    "score",
    "structural_hash",
    "verify",
]

_MODULES = {
    "BudgetError": "errors",
    "Captured": "capturing",
    "CapturedFunction": "capturing",
    "Case": "sample",
    "Cost": "sample",
    "Dataset": "datasets",
    "Extraction": "extraction",
    "ExtractionError": "errors",
    "IRError": "errors",
    "JaxsmithError": "errors",
    "Program": "reading",
    "Range": "spans",
    "Row": "sample",
    "Sample": "sample",
    "Span": "spans",
    "Grader": "scoring",
    "UnsupportedError": "errors",
    "Verdict": "scoring",
    "score": "scoring",
    "canonical": "reading",
    "capture": "capturing",
    "evaluate": "reading",
    "extract": "extraction",
    "generate": "generation",
    "load": "datasets",
    "parse": "reading",
    "save": "datasets",
    "structural_hash": "reading",
    "verify": "reading",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"jaxsmith.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'jaxsmith' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
