"""`python -m jaxsmith`: the command line."""

import sys

from jaxsmith.program import main

if __name__ == "__main__":
    sys.exit(main())
