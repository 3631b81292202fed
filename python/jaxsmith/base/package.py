"""Where this package lies."""

import os

# The folder that has the package in it: what a search path has to name.
PARENT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
