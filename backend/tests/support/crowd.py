"""Two hundred strangers who try to log in under unknown names, again and again.

A process of its own, so that what is measured beside it doesn't wait for its threads. Ends with its input,
and then says how often it was answered how."""

import contextlib
import http.client
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator

from tests.support.places import BACKEND
from tests.support.waiting import DEADLINE_SECONDS

STRANGERS = 200


@contextlib.contextmanager
def crowd_at(port: int) -> Iterator[Counter[str]]:
    """They come before the block begins; afterwards it has the answers, by status."""
    answers: Counter[str] = Counter()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.crowd", str(port)],
        cwd=BACKEND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"here\n"
        yield answers
        process.stdin.close()
        answers.update(json.loads(process.stdout.read()))


def main(port: int) -> None:
    answers: Counter[str] = Counter()
    leaving = threading.Event()
    here = threading.Barrier(STRANGERS + 1)

    def come(number: int) -> None:
        here.wait(DEADLINE_SECONDS)
        while not leaving.is_set():
            status, pause = _try(port, f"nobody{number}")
            answers[status] += 1
            leaving.wait(pause)

    strangers = [threading.Thread(target=come, args=(number,)) for number in range(STRANGERS)]
    for stranger in strangers:
        stranger.start()
    here.wait(DEADLINE_SECONDS)
    sys.stdout.write("here\n")
    sys.stdout.flush()
    sys.stdin.read()
    leaving.set()
    for stranger in strangers:
        stranger.join()
    json.dump(answers, sys.stdout)


def _try(port: int, name: str) -> tuple[str, float]:
    body = json.dumps({"username": name, "password": "a quiet place among shelves"})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request("POST", "/api/login", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__, 0
        return str(answer.status), float(answer.headers["Retry-After"] or 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
