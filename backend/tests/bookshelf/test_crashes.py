"""Processes that die, and what is left of them."""

import os
import signal

import pytest

from tests.support.app_process import App
from tests.support.processes import alive, children, client, leads_a_group, redis_pid
from tests.support.waiting import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.server


def test_after_a_kill_of_everything_but_redis_the_next_start_works(app: App) -> None:
    left = redis_pid(app)
    with client(app) as before:
        before.set("kept", "yes")
    for pid in [app.running.pid, *(pid for pid in children(app.running.pid) if pid != left)]:
        os.kill(pid, signal.SIGKILL)
    app.running.wait(DEADLINE_SECONDS)
    assert alive(left)
    app.start()
    with client(app) as after:
        assert after.get("kept") == b"yes"
    assert not alive(left)


def test_workers_do_not_outlive_a_killed_parent(app: App) -> None:
    workers = [pid for pid in children(app.running.pid) if pid != redis_pid(app)]
    app.running.kill()
    app.running.wait(DEADLINE_SECONDS)
    wait_until(lambda: not any(alive(pid) for pid in workers), "the end of the workers")
    app.start()  # and so also removes the Redis that was left


def test_a_frozen_redis_of_a_killed_start_is_replaced(app: App) -> None:
    left = redis_pid(app)
    os.kill(left, signal.SIGSTOP)
    app.running.kill()
    app.running.wait(DEADLINE_SECONDS)
    app.start()
    assert not alive(left)


def test_a_redis_that_dies_is_started_again(app: App) -> None:
    died = redis_pid(app)
    os.kill(died, signal.SIGKILL)
    wait_until(lambda: redis_pid(app) != died and app.is_ready(), "another Redis")


def test_workers_that_die_again_and_again_are_replaced(app: App) -> None:
    """Whoever finds a request that crashes one must not be able to end the service."""

    def workers() -> set[int]:
        return {pid for pid in children(app.running.pid) if leads_a_group(pid)} - {redis_pid(app)}

    died: set[int] = set()
    for _ in range(3):
        wait_until(lambda: len(workers() - died) == 2, "both workers")
        died.update(workers())
        for pid in workers():
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(workers() - died) == 2 and app.is_ready(), "other workers")
