"""What `jaxsmith capture` runs when the program is over: finishes the files of records named in its
arguments, one JSON line a record on descriptor 4."""

import os
import sys

from jaxsmith import versions


def main() -> int:
    problem = versions.problem(also=("numpy",))
    if problem is not None:
        print(problem, file=sys.stderr)
        return 1
    from jaxsmith.records import finishing, form

    os.set_inheritable(4, False)
    with os.fdopen(4, "wb") as out:
        for path in sys.argv[1:]:
            with open(path, "rb") as lines:
                for each in finishing.records_of(lines):
                    out.write(form.dumps(each))
            out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
