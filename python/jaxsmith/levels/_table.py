# Written by the build, from the table of levels in src/levels: not to be edited.
ROWS: list[tuple[str, str, str, str, bool, bool, bool]] = [
    ("jaxpr", "jaxpr", "traced", "", True, False, False),
    ("stablehlo", "StableHLO", "lowered", "", False, True, True),
    ("hlo", "HLO", "lowered", "", False, False, True),
    ("hlo_optimized", "optimised HLO", "compiled", "", False, False, True),
]
