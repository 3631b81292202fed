"""Modules that fail or warn while they are imported: what Python says of that names its own frames or leaves
them out; run below `jaxsmith capture`."""

import os
import sys
import tempfile
import traceback
import warnings

MODULES = {
    "raises": "def f():\n    raise ValueError('no')\n\n\nf()\n",
    "imports_what_raises": "import raises\n",
    "misses": "import no_such_module\n",
    "is_no_python": "def f(:\n",
    "warns_its_importer": "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)\n",
}

with tempfile.TemporaryDirectory() as folder:
    sys.path.insert(0, folder)
    warnings.simplefilter("always")
    for name, text in MODULES.items():
        with open(os.path.join(folder, f"{name}.py"), "w") as file:
            file.write(text)
        try:
            __import__(name)
        except Exception:
            sys.stderr.write(traceback.format_exc().replace(folder, ""))
    import jax

    jax.jit(lambda x: x * 2 + 1)(3.0)
