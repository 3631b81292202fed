"""Names that a source takes from its imports, by Python's own parser."""

import ast


def names_in(source):
    """Full names, prefixes as well: of `jnp.linalg.norm` "jax.numpy.linalg.norm", "jax.numpy.linalg"
    and "jax.numpy"."""
    tree = ast.parse(source)
    imported = _imported(tree)
    nodes = (n for n in ast.walk(tree) if isinstance(n, ast.Attribute | ast.Name))
    return {_full_name(node, imported) for node in nodes} - {None}


def _imported(tree):
    """What each name of a module's imports stands for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _full_name(node, imported):
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in imported:
        return None
    return ".".join([imported[node.id], *attributes])
