"""What may not interleave, with threads and several apps: on SQLite and PostgreSQL."""

from tests.support.app_users import People
from tests.support.asking import bearer
from tests.support.at_once import at_once, many_at_once
from tests.support.examples import MINUTE, NEW_PASSWORD, PASSWORD
from tests.support.private_redis import PrivateRedis
from tests.support.small_app import worker
from tests.support.still_clock import Clock


def test_only_one_of_twenty_resets_with_one_code_succeeds_and_its_password_logs_in(people: People) -> None:
    people.verified()
    code = people.forgotten()
    passwords = [f"{NEW_PASSWORD} number {n}" for n in range(20)]

    def reset(number: int) -> int:
        body = {"code": code, "new_password": passwords[number]}
        return people.post("/password/reset", body).status_code  # type: ignore[no-any-return]

    statuses = many_at_once(20, reset)
    assert sorted(statuses) == [204] + [422] * 19
    assert people.log_in(password=passwords[statuses.index(204)]).status_code == 200


def test_no_refresh_and_no_log_in_survives_a_password_change_that_they_race(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.register()
    current = PASSWORD
    with worker(redis_server.url, database_url, clock) as app:
        elsewhere = People(app, clock, people.mails)
        for n in range(25):
            token, other = people.token(password=current), people.token(password=current)
            newer = f"{NEW_PASSWORD} number {n}"
            body = {"current_password": current, "new_password": newer}
            old = current
            changed, refreshed, begun = at_once(
                lambda body=body, token=token: people.post("/password/change", body, token),
                lambda other=other: elsewhere.post("/refresh", token=other),
                lambda old=old: elsewhere.log_in(password=old),
            )
            assert changed.status_code == 200
            left = [answer.json["token"] for answer in (refreshed, begun) if answer.status_code == 200]
            assert not any(people.is_live(each) for each in (token, other, *left))
            assert people.is_live(changed.json["token"])
            current = newer


def test_racing_ways_to_end_sessions_all_succeed(
    people: People, redis_server: PrivateRedis, database_url: str, clock: Clock
) -> None:
    people.register()
    with worker(redis_server.url, database_url, clock) as app:
        elsewhere = People(app, clock, people.mails)
        for _ in range(10):
            replayed, mine, other = people.token(), people.token(), people.token()
            newer = people.post("/refresh", token=replayed).json["token"]
            assert people.is_live(newer)
            rows = people.http.get("/api/sessions", headers=bearer(other)).json
            (others_id,) = [row["id"] for row in rows if row["current"]]
            clock.now += MINUTE
            statuses = [
                answer.status_code
                for answer in at_once(
                    lambda mine=mine: people.app.test_client().delete("/api/sessions", headers=bearer(mine)),
                    lambda replayed=replayed: elsewhere.post("/refresh", token=replayed),
                    lambda mine=mine, others_id=others_id: elsewhere.app.test_client().delete(
                        f"/api/sessions/{others_id}", headers=bearer(mine)
                    ),
                )
            ]
            assert statuses == [204, 401, 204]
