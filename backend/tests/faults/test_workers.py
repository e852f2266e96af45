"""Workers die."""

import os
import signal
from contextlib import suppress

from tests.faults.people import ENVIRONMENT, Damage, hold, people_at
from tests.support.app_process import running_app
from tests.support.processes import children, leads_a_group, redis_pid


def test_workers_are_killed_again_and_again() -> None:
    with running_app(env=ENVIRONMENT) as app, people_at(app, Damage(breaks_off=True)):
        for _ in range(6):
            for pid in children(app.running.pid):
                if leads_a_group(pid) and pid != redis_pid(app):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            hold(1)


def test_redis_that_came_along_is_killed_again_and_again() -> None:
    with running_app(env=ENVIRONMENT) as app, people_at(app, Damage(forgets=True, brings_back=True)):
        for _ in range(3):
            os.kill(redis_pid(app), signal.SIGKILL)
            hold(2)
