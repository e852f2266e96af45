"""Any order of events, over several people, sessions and workers, against a model of the design's two tables.

The workers are two apps with Redis clients and database engines of their own. What they must answer is said
twice: by `Session`, which is the tables row by row, and by what `Events` asserts without looking at it."""

import itertools
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from redis import Redis
from werkzeug.test import TestResponse

from flask_tokenkeep.sessions.tokens import Claims, TokenMint
from tests.support.asking import bearer
from tests.support.browser_key import Key
from tests.support.examples import PASSWORD
from tests.support.private_redis import PrivateRedis
from tests.support.session_model import BOUND, JUMPS, LIFETIMES, MAX_SESSIONS, Session
from tests.support.small_app import PUBLIC_URL, SECRET_KEY, worker
from tests.support.still_clock import Clock

KEYS = (Key(7), Key(11))
THIEVES = (
    "has only the token",
    "has a key of their own",
    "has caught a proof for another token",
    "has caught a proof for another address",
    "has caught a proof that was used",
)
MINT = TokenMint(SECRET_KEY)


class Events(RuleBasedStateMachine):
    users = Bundle("users")
    sessions = Bundle("sessions")
    workers = st.integers(0, 1)
    # Mostly the client's own token, sometimes one that it, or a thief, should no longer have.
    ages = st.sampled_from((0, 0, 0, 1, 1, 2, 3))

    def __init__(self, apps: list[Flask], redis: Redis, clock: Clock, numbers: Iterator[int]) -> None:
        super().__init__()
        redis.flushall()
        self.clients = [app.test_client() for app in apps]
        self.redis, self.clock, self.numbers = redis, clock, numbers
        self.clock.now += BOUND.max_age_seconds
        self.all: list[Session] = []

    # -- what people do -------------------------------------------------------------------------

    @rule(target=users, at=workers)
    def register(self, at: int) -> str:
        name = f"person{next(self.numbers)}"
        body = {"username": name, "password": PASSWORD}
        assert self.clients[at].post("/api/register", json=body).status_code == 201
        assert self.clients[1 - at].post("/api/register", json=body).status_code == 409
        return name

    @rule(target=sessions, user=users, at=workers, key=st.sampled_from((None, *KEYS)))
    def log_in(self, user: str, at: int, key: Key | None) -> Session:
        self.clock.now += 1  # which of two sessions is the older one must be certain
        live = [session for session in self.all if session.user == user and self.counts_as_live(session)]
        body, headers = {"username": user, "password": PASSWORD}, self.proof("/api/login", key)
        answer = self.clients[at].post("/api/login", json=body, headers=headers)
        assert answer.status_code == 200
        for oldest in live[: max(0, len(live) + 1 - MAX_SESSIONS)]:
            oldest.end("revoked")
        session = Session(user, key, self.now, [answer.json["token"]])
        self.all.append(session)
        token = MINT.read(session.issued[0])
        assert (token.generation, token.expires_at) == (1, self.now + session.lives.token_seconds)
        assert answer.json["session"]["bound"] == (key is not None)
        return session

    @rule(user=users, at=workers)
    def log_in_with_another_password(self, user: str, at: int) -> None:
        body = {"username": user, "password": PASSWORD + "!"}
        assert code_of(self.clients[at].post("/api/login", json=body)) == "invalid_credentials"

    @rule(session=sessions, age=ages, at=workers)
    def use(self, session: Session, age: int, at: int) -> None:
        text = chosen(session, age)
        token, known = MINT.read(text), session.record is not None
        answer = self.clients[at].get("/api/me", headers=bearer(text))
        assert answer.status_code in (200, 401)
        accepted = answer.status_code == 200
        assert accepted == session.verify(token, self.now)
        if accepted:
            assert answer.json["username"] == session.user
            assert not session.ended or session.rolled_back_since_its_end  # (a)
        elif age == 0 and not session.ended and known:
            assert token.expires_at <= self.now  # (b): else it is live, current, and was refused

    @rule(session=sessions, age=ages, at=workers)
    def refresh(self, session: Session, age: int, at: int) -> None:
        text = chosen(session, age)
        was_ended = session.ended
        answer = self.ask_for_the_next(session.key, text, at)
        expected = session.refresh(MINT.read(text), self.now)
        if isinstance(expected, str):
            assert code_of(answer) == expected
            assert expected != "session_ended" or answer.json["reason"] == session.ended
            return
        assert was_ended is None  # (a), and no roll-back excuses it
        successor = MINT.read(answer.json["token"])
        assert (successor.generation, successor.expires_at) == expected
        assert answer.json["expires_in"] == successor.expires_at - self.now > 0
        self.check_chain(session, answer.json["token"])
        assert self.ask_for_the_next(session.key, text, 1 - at).data == answer.data  # (d)

    @rule(session=sessions, age=ages, at=workers)
    def log_out(self, session: Session, age: int, at: int) -> None:
        answer = self.clients[at].post("/api/logout", headers=bearer(chosen(session, age)))
        assert answer.status_code == 204
        session.end("logged_out")
        session.rolled_back_since_its_end = False

    # -- what thieves do ------------------------------------------------------------------------

    @rule(session=sessions, age=ages, at=workers, thief=st.sampled_from(THIEVES))
    def try_to_renew_a_stolen_token(self, session: Session, age: int, at: int, thief: str) -> None:
        """They have the token, but not its key; and the owner must not even notice."""
        if session.key:
            text = chosen(session, age)
            headers = bearer(text) | self.stolen_proof(session, text, thief)
            answer = self.clients[at].post("/api/refresh", headers=headers)
            assert code_of(answer) == "invalid_dpop_proof"

    def stolen_proof(self, session: Session, text: str, thief: str) -> dict[str, str]:
        assert session.key
        match thief:
            case "has a key of their own":
                return self.proof("/api/refresh", Key(), text)
            case "has caught a proof for another token":
                return self.proof("/api/refresh", session.key, MINT.mint(Claims(bytes(16), 1, self.now + 9)))
            case "has caught a proof for another address":
                return self.proof("/api/logout", session.key, text)
            case "has caught a proof that was used":
                caught = self.proof("/api/refresh", session.key, text)
                answer = self.clients[0].post("/api/refresh", headers=bearer(text) | caught)
                if isinstance(session.refresh(MINT.read(text), self.now), tuple):
                    self.check_chain(session, answer.json["token"])
                return caught
        return {}

    # -- what befalls them ----------------------------------------------------------------------

    @rule(seconds=st.sampled_from(JUMPS), redis_sweeps=st.booleans())
    def time_passes(self, seconds: int, redis_sweeps: bool) -> None:
        """Redis forgets by its own clock, so the rules must hold on both sides of that moment."""
        self.clock.now += seconds
        for session in self.all:
            if redis_sweeps and session.record and session.record.kept_until <= self.now:
                self.lose(session)

    @rule(session=sessions)
    def a_snapshot_is_taken(self, session: Session) -> None:
        if session.record:
            session.snapshots.append((replace(session.record), self.redis.get(key_of(session))))

    @rule(session=sessions, which=st.integers(0, 3))
    def a_failover_rolls_redis_back(self, session: Session, which: int) -> None:
        known = [(record, raw) for record, raw in session.snapshots if record.kept_until > self.now]
        if known:
            record, raw = known[which % len(known)]
            self.redis.set(key_of(session), raw)
            session.record = replace(record)
            session.rolled_back = True
            session.rolled_back_since_its_end = session.ended is not None

    @rule(session=sessions)
    def a_failover_loses_the_record(self, session: Session) -> None:
        self.lose(session)

    @invariant()
    def redis_forgets_by_the_clock_of_the_tests_only(self) -> None:
        for session in self.all:
            self.redis.persist(key_of(session))

    @property
    def now(self) -> int:
        return int(self.clock.now)

    def lose(self, session: Session) -> None:
        self.redis.delete(key_of(session))
        session.record = None

    def counts_as_live(self, session: Session) -> bool:
        """By the ledger, which knows nothing of a record that Redis lost."""
        ends_at = session.begun + session.lives.max_age_seconds
        return not session.ended and self.now < min(session.idle_until, ends_at)

    def proof(self, path: str, key: Key | None, token: str | None = None) -> dict[str, str]:
        return {"DPoP": key.proof("POST", PUBLIC_URL + path, token, self.now)} if key else {}

    def ask_for_the_next(self, key: Key | None, text: str, at: int) -> TestResponse:
        headers = bearer(text) | self.proof("/api/refresh", key, text)
        return self.clients[at].post("/api/refresh", headers=headers)

    def check_chain(self, session: Session, text: str) -> None:
        """(c): a refresh gives the generation after the newest, or the newest again."""
        token, newest = MINT.read(text), MINT.read(session.issued[-1])
        assert token.session_id == newest.session_id
        if not session.rolled_back:
            assert token.generation == newest.generation + 1 or text == session.issued[-1]
        if text not in session.issued:
            session.issued.append(text)
            session.issued.sort(key=lambda each: (MINT.read(each).generation, MINT.read(each).expires_at))


def chosen(session: Session, age: int) -> str:
    return session.issued[-1 - min(age, len(session.issued) - 1)]


def key_of(session: Session) -> str:
    name = urlsafe_b64encode(MINT.read(session.issued[0]).session_id)
    return "ta:s:" + name.rstrip(b"=").decode()


def code_of(answer: TestResponse) -> str:
    assert answer.status_code == 401
    code: str = answer.json["code"]
    return code


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_any_order_of_events_agrees_with_the_model(
    redis: Redis, redis_server: PrivateRedis, database_url: str
) -> None:
    clock, numbers = Clock(), itertools.count()
    examples = 60 if database_url.startswith("sqlite") else 12
    with (
        worker(redis_server.url, database_url, clock, **LIFETIMES) as one,
        worker(redis_server.url, database_url, clock, **LIFETIMES) as other,
    ):
        run_state_machine_as_test(
            lambda: Events([one, other], redis, clock, numbers),
            settings=settings(
                max_examples=examples,
                stateful_step_count=40,
                suppress_health_check=list(HealthCheck),
            ),
        )
