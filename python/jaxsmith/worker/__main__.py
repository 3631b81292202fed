"""`python -m jaxsmith.worker`: serves requests until there are no more."""

import sys

from jaxsmith.worker.serve import main

if __name__ == "__main__":
    sys.exit(main())
