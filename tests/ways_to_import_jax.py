"""Programs that come to JAX on all sorts of ways, as children of this one; run below `jaxsmith capture`.

Each compiles one function, which has the name of its way. What the children wrote, and how they ended, is
printed.
"""

import os
import subprocess
import sys
import tempfile

FINDER = """
import sys
from importlib.machinery import PathFinder

class Loader:
    def __init__(self, inner):
        self.inner = inner
    def __getattr__(self, name):
        return getattr(self.inner, name)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        self.inner.exec_module(module)

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = PathFinder.find_spec(name, path) if name == "jax" else None
        if spec is not None:
            spec.loader = Loader(spec.loader)
        return spec

sys.meta_path.insert(0, Finder)
"""

LOADER = """
import sys
from importlib.abc import Loader
from importlib.machinery import PathFinder, SourceFileLoader

def execute(module):
    path = module.__spec__.origin
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)

class Plain(Loader):
    def __init__(self, name, path):
        pass
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        execute(module)

class Source(SourceFileLoader):
    def exec_module(self, module):
        execute(module)

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = PathFinder.find_spec(name, path) if name == "jax" else None
        if spec is not None:
            spec.loader = {kind}(name, spec.origin)
        return spec

sys.meta_path.insert(0, Finder)
"""

# Another process with an environment of its own does the work.
AGAIN = """
import os, sys
if "again" not in sys.argv:
    own = {{"PATH": os.environ["PATH"], "JAX_PLATFORMS": "cpu"}}
    arguments = [sys.executable, __file__, "again"]
    {start}
"""
WAIT = "sys.exit(os.waitstatus_to_exitcode(os.waitpid({process}, 0)[1]))"

ONLY_FINDER = """
import sys
from importlib.machinery import PathFinder

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, path, target)

sys.meta_path[:] = [f for f in sys.meta_path if f is not PathFinder] + [Finder]
"""

LAZY = """
import sys
from importlib import util
spec = util.find_spec("jax")
loader = util.LazyLoader(spec.loader)
spec.loader = loader
sys.modules["jax"] = module = util.module_from_spec(spec)
loader.exec_module(module)
"""

BY_HAND = """
import sys
from importlib import util
spec = util.find_spec("jax")
sys.modules["jax"] = module = util.module_from_spec(spec)
spec.loader.exec_module(module)
"""

THREADS = """
import threading
from importlib import util
threads = [threading.Thread(target={target}, args=("jax",)) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

WAYS = {
    "at_once": "",
    "find_spec": "from importlib.util import find_spec\nassert find_spec('jax')",
    "find_spec_twice": "from importlib.util import find_spec\nassert find_spec('jax') and find_spec('jax')",
    "find_spec_on_threads": THREADS.format(target="util.find_spec"),
    "find_spec_of_a_part": "from importlib.util import find_spec\nassert find_spec('jax.numpy')",
    "find_spec_without_import_before": "import importlib.machinery as m\nassert m.PathFinder.find_spec('jax')",
    "import_module": "import importlib\nimportlib.import_module('jax')",
    "import_module_of_a_part": "import importlib\nimportlib.import_module('jax.numpy')",
    "pkgutil": "import pkgutil\nnames = [m.name for m in pkgutil.iter_modules()]\nassert 'jax' in names",
    "pkgutil_resolve_name": "import pkgutil\npkgutil.resolve_name('jax.numpy:sin')",
    "reload": "import importlib, jax\nimportlib.reload(jax)",
    "find_spec_and_reload": "import importlib, importlib.util\nimportlib.util.find_spec('jax')\n"
    "import jax\nimportlib.reload(jax)",
    "finders_taken_away": "import sys\nsys.meta_path[:] = [f for f in sys.meta_path"
    " if getattr(f, '__module__', '').startswith(('_frozen', 'importlib'))]",
    "finders_reversed": "import sys\nsys.meta_path.reverse()",
    "finder_of_its_own": FINDER,
    "only_finder": ONLY_FINDER,  # by which importlib.metadata finds nothing
    "loader_of_its_own": LOADER.format(kind="Plain"),
    "source_loader_of_its_own": LOADER.format(kind="Source"),
    "execve": AGAIN.format(start="os.execve(sys.executable, arguments, own)"),
    "execve_with_environ": AGAIN.format(start="os.execve(sys.executable, arguments, os.environ)"),
    "execvpe": AGAIN.format(start="os.execvpe('env', ['env', *arguments], own)"),
    "spawnve": AGAIN.format(
        start="sys.exit(os.spawnve(os.P_WAIT, sys.executable, arguments, own))"
    ),
    "posix_spawn": AGAIN.format(
        start=WAIT.format(process="os.posix_spawn(sys.executable, arguments, own)")
    ),
    "posix_spawnp": AGAIN.format(
        start=WAIT.format(process="os.posix_spawnp('env', ['env', *arguments], own)")
    ),
    "lazy": LAZY,
    "by_hand": BY_HAND,
    "in_a_thread": "import threading\nt = threading.Thread(target=__import__, args=('jax',))\n"
    "t.start()\nt.join()",
    "on_threads": THREADS.format(target="__import__"),
    "after_it_was_missing": "import sys\nsys.modules['jax'] = None\ntry:\n    import jax\n"
    "except ImportError:\n    del sys.modules['jax']",
    "sitecustomize": "",  # which imports JAX
    "asks_in_sitecustomize": "",
}
SITECUSTOMIZE = {
    "sitecustomize": "import jax\n",
    "asks_in_sitecustomize": "from importlib.util import find_spec\nassert find_spec('jax')\n",
}
USE = """
import sys
import jax

def {name}(x):
    return x * 2 + 1

print(float(jax.jit({name})(3.0)), [getattr(f, "__name__", type(f).__name__) for f in sys.meta_path])
"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, text in WAYS.items():
            place = os.path.join(folder, name)
            os.mkdir(place)
            program = os.path.join(place, "program.py")
            with open(program, "w") as file:
                file.write(text + USE.format(name=name))
            environment = dict(os.environ)
            if name in SITECUSTOMIZE:
                environment["PYTHONPATH"] = place
                with open(os.path.join(place, "sitecustomize.py"), "w") as file:
                    file.write(SITECUSTOMIZE[name])
            done = subprocess.run(
                [sys.executable, program], env=environment, capture_output=True, text=True
            )
            print(name, done.returncode, done.stdout, done.stderr.replace(folder, ""), sep="\n")


if __name__ == "__main__":
    main()
