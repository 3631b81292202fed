"""What terminals understand and data must not hold."""

import re

# Control sequences (ECMA-48): colours and whatever else begins with ESC [.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def without_escapes(text: str) -> str:
    """The text without colours: JAX prints jaxprs in some of its messages."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text
