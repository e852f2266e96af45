"""The whole flow over real HTTP, against the real server with two worker processes, on both databases."""

from tests.support.app_process import App
from tests.support.asking import Reply, ask, bearer
from tests.support.at_once import many_at_once
from tests.support.examples import PASSWORD
from tests.support.expectations import expect_headers, expect_problem
from tests.support.private_redis import PrivateRedis
from tests.support.reader import MANY_CONNECTIONS, Reader, names, protected_operations
from tests.support.waiting import wait_until


def test_register_log_in_read_refresh_log_out(reader: Reader) -> None:
    first = reader.log_in()
    books = reader.get("books", first)
    assert books.status == 200
    assert isinstance(books.json, list)
    assert books.headers["X-Catalogue"] in ("live", "cached", "sample")
    assert reader.get(f"books/{books.json[0]['id']}", first).json == books.json[0]
    second = reader.post("refresh", first).json["token"]
    assert reader.post("refresh", first).json["token"] == second != first
    assert reader.get("me", second).json["username"] == reader.body["username"]
    assert reader.post("logout", second).status == 204
    expect_problem(reader.get("books", second), 401, "invalid_token")
    expect_problem(reader.post("refresh", second), 401, "session_ended")
    assert reader.post("logout", first).status == 204


def test_fifty_registrations_of_one_name_at_once_give_one_account(server: App) -> None:
    name = next(names)
    spellings = (name, name.upper(), name.title())

    def register(number: int) -> Reply:
        body = {"username": spellings[number % 3], "password": PASSWORD}
        return ask(f"{server.url}/api/register", "POST", body=body)

    replies = many_at_once(50, register)
    made, *refused = sorted(reply.status for reply in replies)
    assert made == 201
    assert set(refused) <= {409, 503}, "one more at once than there is room for is 503"
    expect_problem(next(reply for reply in replies if reply.status == 409), 409, "username_taken")


def test_racing_refreshes_of_one_token_give_one_successor(reader: Reader) -> None:
    token = reader.log_in()
    for _ in range(3):
        replies = many_at_once(MANY_CONNECTIONS, lambda _, old=token: reader.post("refresh", old))
        assert {reply.status for reply in replies} == {200}
        (token,) = {reply.json["token"] for reply in replies}
    assert reader.get("me", token).status == 200


def test_a_log_out_that_races_refreshes_is_final(reader: Reader) -> None:
    for _ in range(3):
        token = reader.log_in()
        replies = many_at_once(
            MANY_CONNECTIONS,
            lambda number, old=token: reader.post("refresh" if number % 4 else "logout", old),
        )
        newest = [reply.json["token"] for reply in replies if reply.status == 200]
        assert {reply.status for reply in replies} <= {200, 204, 401}
        for left in {token, *newest}:
            expect_problem(reader.get("me", left), 401, "invalid_token")
            expect_problem(reader.post("refresh", left), 401, "session_ended")


def test_a_log_out_is_seen_by_every_worker_at_once(reader: Reader) -> None:
    token = reader.log_in()
    assert {reply.status for reply in many_at_once(MANY_CONNECTIONS, lambda _: reader.get("me", token))} == {
        200
    }
    assert reader.post("logout", token).status == 204
    assert {reply.status for reply in many_at_once(MANY_CONNECTIONS, lambda _: reader.get("me", token))} == {
        401
    }


def test_a_replay_on_any_worker_ends_the_session_on_all(reader: Reader) -> None:
    first = reader.log_in()
    second = reader.post("refresh", first).json["token"]
    third = reader.post("refresh", second).json["token"]
    expect_problem(reader.post("refresh", first), 401, "token_reused")
    assert {reply.status for reply in many_at_once(MANY_CONNECTIONS, lambda _: reader.get("me", third))} == {
        401
    }


def test_without_redis_nobody_is_let_in_or_out_and_all_is_well_when_it_is_back(
    server: App, reader: Reader, redis_server: PrivateRedis
) -> None:
    token, protected = reader.log_in(), protected_operations(server)
    assert ("GET", "/api/books") in protected
    redis_server.stop()
    try:
        answers = [
            *(ask(server.url + path, method, body={}, headers=bearer(token)) for method, path in protected),
            reader.post("refresh", token),
            reader.post("logout", token),
            reader.post("login"),
            reader.post("register"),
        ]
        for answer in answers:
            assert answer.status == 503
            expect_headers(answer)
        # What needs no Redis goes on.
        expect_problem(reader.get("me", "nonsense"), 401, "invalid_token")
        assert ask(f"{server.url}/healthz").status == 200
        wait_until(lambda: ask(f"{server.url}/readyz").status == 503, "the next look at the stores")
    finally:
        redis_server.start()
    wait_until(lambda: reader.post("refresh", token).status == 200, "a refresh")
    replies = many_at_once(
        MANY_CONNECTIONS, lambda number: reader.post("login") if number % 2 else reader.get("books", token)
    )
    assert {reply.status for reply in replies} == {200}
