"""What `jaxsmith capture` runs when the program is over: finishes files of records. A request comes in
on descriptor 3, one line of JSON; what the files hold goes out on descriptor 4, a line each, and
before a stage that may end this process a line that names it, so that another one can go on."""

import json
import os
import sys
from typing import Any

from jaxsmith import versions

_READ = "read"  # the first stage of a file, before those of its records


def main() -> int:
    problem = versions.problem(also=("numpy",))
    if problem is not None:
        print(problem, file=sys.stderr)
        return 1
    from jaxsmith.records import form

    with os.fdopen(3, "rb") as requests:
        request = json.loads(requests.readline())
    os.set_inheritable(4, False)
    with os.fdopen(4, "wb") as out:

        def send(message: dict[str, Any]) -> None:
            out.write(form.dumps(message))
            out.flush()

        for place in range(request["file"], len(request["files"])):
            begun = place == request["file"]
            _finish(
                request["files"][place],
                place,
                request["number"] if begun else 0,
                request["refused"] if begun else {},
                send,
            )
    return 0


def _finish(path: str, place: int, first: int, refused: dict[str, str], send: Any) -> None:
    from jaxsmith.records import finishing, form

    def announce(number: int, stage: str) -> None:
        send({"type": form.Type.AT, "file": place, "number": number, "stage": stage})

    try:
        if _READ in refused:
            raise OSError(refused[_READ])
        announce(first, _READ)
        for message in finishing.records_of(path, first, refused, announce):
            send(message)
    except OSError as error:
        send(form.problem(os.path.basename(path), str(error)))


if __name__ == "__main__":
    sys.exit(main())
