"""Work beside the requests goes on whatever happens in it, and stops when it is told to."""

import logging
import threading

import pytest

from flask_tokenkeep.background import Loop, backoff_seconds

LONG = 1000.0


@pytest.mark.parametrize(("failures", "seconds"), [(1, 5), (2, 10), (3, 20), (8, 600), (10_000, 600)])
def test_a_wait_doubles_with_each_failure_up_to_the_longest(failures: int, seconds: float) -> None:
    assert backoff_seconds(failures, 5, 600) == seconds


def test_a_step_that_raised_is_taken_again_and_its_text_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done, tries = threading.Event(), []

    def step() -> float:
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("a secret")
        done.set()
        return LONG

    caplog.set_level(logging.INFO, "flask_tokenkeep")
    loop = Loop("test", step, failed="It can't be done", retry_seconds=(0.0, 0.0))
    loop.start()
    assert done.wait(30)
    loop.stop()
    assert len(tries) == 3
    assert "It can't be done (RuntimeError" in caplog.text
    assert "a secret" not in caplog.text


def test_a_wait_ends_when_there_is_something_to_do() -> None:
    steps, awake = [threading.Event(), threading.Event()], threading.Event()
    left = list(steps)

    def step() -> float:
        if left:
            left.pop(0).set()
        return LONG

    loop = Loop("test", step, failed="", retry_seconds=(LONG, LONG), awake=awake)
    loop.start()
    assert steps[0].wait(30)
    awake.set()
    assert steps[1].wait(30)
    loop.stop()


def test_after_a_stop_no_step_is_begun() -> None:
    begun = threading.Event()

    def step() -> float:
        begun.set()
        return LONG

    loop = Loop("test", step, failed="", retry_seconds=(LONG, LONG))
    loop.stop()
    loop.start()
    threads = [thread for thread in threading.enumerate() if thread.name == "test"]
    for thread in threads:
        thread.join(30)
    assert not begun.is_set()
