"""The levels: the forms of a function that JAX makes, in the order in which it makes them."""

# The package's only list of them; the command line has the same.
LEVELS = ("jaxpr", "stablehlo", "hlo", "hlo_optimized")
