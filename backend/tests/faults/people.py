"""People who use the app all the while that something breaks, and who know what each answer has to be.

Each has an account and sessions, some of them ended. A session is live, ended, or unsure: unsure once an
answer that would have ended it did not come or was 503, since then it may have ended or not."""

import contextlib
import http.client
import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.app_process import App
from tests.support.waiting import DEADLINE_SECONDS, wait_until

State = Literal["live", "ended", "unsure"]
BROKEN_OFF = 0  # the status of a request that got no answer
STEADY = 15  # answers in a row that are no 503: well again
# 2 s by contract, a hash, and what a busy machine adds to a request that did not wait for anything.
LONGEST_SECONDS = 4.0
SPARED_SECONDS = 1.0  # for what needs nothing that is broken: 100 ms where nothing else runs
# Room for a refresh whose answer was lost, for as long as something is broken here.
ENVIRONMENT = {"AUTH_GRACE_SECONDS": "300"}


@dataclass(frozen=True, kw_only=True)
class Damage:
    """What a fault may do beside 503s."""

    breaks_off: bool = False  # a request under way may get no answer: its worker was killed
    forgets: bool = False  # live sessions may be gone: Redis lost them
    brings_back: bool = False  # ended sessions may be read with again, though never refreshed: an older Redis
    spares_reads: bool = False  # the book list needs nothing of what is broken


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    retry_after: str | None


@dataclass
class Held:
    token: str = field(repr=False)
    state: State = "live"


@dataclass
class Findings:
    """What all of them saw."""

    troubles: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    longest_seconds: float = 0.0
    longest_book_seconds: float = 0.0

    def __str__(self) -> str:
        longest = f"longest {self.longest_seconds:.2f} s, of a book {self.longest_book_seconds:.2f} s"
        return f"{dict(sorted(self.statuses.items()))}, {longest}"


class Person(threading.Thread):
    def __init__(self, app: App, damage: Damage, findings: Findings, seed: int) -> None:
        super().__init__(name=f"person {seed}", daemon=True)
        self._app, self._damage, self._findings = app, damage, findings
        self._chance = random.Random(seed)  # noqa: S311  # a test that can be repeated
        self._name = f"person-{secrets.token_hex(5)}"
        self._passwords = [_new_password()]  # two of them while it is unsure which one holds
        self._sessions: list[Held] = []
        self._others: list[tuple[str, str]] = []  # accounts that they made, too
        self._stopping = threading.Event()
        self.steady = 0

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        ways = (
            self.read,
            self.log_in,
            self.refresh,
            self.log_out,
            self.end_others,
            self.change,
            self.register,
        )
        try:
            while not self._stopping.is_set():
                [way] = self._chance.choices(ways, (10, 4, 3, 2, 1, 1, 1))
                way()
        except Exception as error:  # noqa: BLE001  # a thread's own would be lost
            self._trouble(f"{type(error).__name__}: {error}")

    def sign_up(self) -> None:
        assert self._ask("POST", "register", self._credentials(self._passwords[0])).status == 201
        self.log_in()

    # -- what they do ---------------------------------------------------------------------

    def read(self) -> None:
        if not self._sessions:
            return
        held = self._chance.choice(self._sessions)
        path = self._chance.choice(("books/7", "books/7", "me"))
        answer = self._ask("GET", path, token=held.token)
        if answer.status == 503 and path != "me" and self._damage.spares_reads:
            self._trouble(f"a book needs nothing of what is broken: {answer}")
        if answer.status == 200 and held.state == "ended" and self._damage.brings_back:
            answer = self._ask("POST", "refresh", token=held.token)  # which the ledger must refuse
        self._judge(f"GET {path}", held, answer, 200)

    def log_in(self) -> None:
        password = self._chance.choice(self._passwords)
        answer = self._ask("POST", "login", self._credentials(password))
        if answer.status == 200:
            self._passwords = [password]
            self._sessions = [*self._sessions[-11:], Held(answer.body["token"])]
        elif answer.status == 401 and len(self._passwords) > 1:
            self._passwords.remove(password)
        else:
            self._expect("log-in", answer, 200)

    def refresh(self) -> None:
        if held := self._any("live", "unsure"):
            answer = self._ask("POST", "refresh", token=held.token)
            if answer.status == 200:
                held.token = answer.body["token"]
            self._judge("refresh", held, answer, 200)

    def log_out(self) -> None:
        if held := self._any("live", "unsure"):
            answer = self._ask("POST", "logout", token=held.token)
            self._expect("log-out", answer, 204)
            held.state = "ended" if answer.status == 204 else "unsure"

    def end_others(self) -> None:
        if held := self._any("live"):
            answer = self._ask("DELETE", "sessions", token=held.token)
            self._judge("end the others", held, answer, 204)
            self._settle([other for other in self._sessions if other is not held], answer)

    def change(self) -> None:
        held = self._any("live")
        if held is None or len(self._passwords) > 1:
            return
        old, new = self._passwords[0], _new_password()
        body = {"current_password": old, "new_password": new}
        answer = self._ask("POST", "password/change", body, held.token)
        self._judge("change of password", held, answer, 200)
        if answer.status == 401:
            return
        self._settle(self._sessions, answer)
        self._passwords = [new] if answer.status == 200 else [old, new]
        if answer.status == 200:
            self._sessions.append(Held(answer.body["token"]))

    def register(self) -> None:
        name, password = f"other-{secrets.token_hex(5)}", _new_password()
        answer = self._ask("POST", "register", {"username": name, "password": password})
        self._expect("registration", answer, 201)
        if answer.status == 201:
            self._others.append((name, password))

    # -- what must be true in the end -------------------------------------------------------

    def audit(self) -> None:
        """Everything works again: what is live is accepted, what has ended is not, no account is lost."""
        for held in self._sessions:
            answer = self._ask("POST", "refresh", token=held.token)
            self._judge("refresh in the end", held, answer, 200)
            self._demand_answer("refresh in the end", answer)
        for password in list(self._passwords):
            answer = self._ask("POST", "login", self._credentials(password))
            if answer.status == 401:
                self._passwords.remove(password)
        if len(self._passwords) != 1:
            self._trouble(f"{len(self._passwords)} passwords work in the end")
        for name, password in self._others:
            answer = self._ask("POST", "login", {"username": name, "password": password})
            if answer.status != 200:
                self._trouble(f"an account that was made is lost: {answer}")

    # -- judging ----------------------------------------------------------------------------

    def _judge(self, what: str, held: Held, answer: Answer, good: int) -> None:
        """An answer to the token of this session."""
        if (answer.status == 401 and held.state != "live") or (answer.status == 401 and self._damage.forgets):
            held.state = "ended"
        elif answer.status == 401:
            self._trouble(f"{what}: wrongly refused: {answer.body}")
        elif answer.status == good and held.state == "ended":
            self._trouble(f"{what}: wrongly admitted")
        else:
            self._expect(what, answer, good)

    def _settle(self, held: list[Held], answer: Answer) -> None:
        """They were to end, and this is the answer."""
        for one in held:
            if answer.status in (200, 204):
                one.state = "ended"
            elif one.state == "live" and answer.status in (503, BROKEN_OFF):
                one.state = "unsure"

    def _expect(self, what: str, answer: Answer, good: int) -> None:
        away = answer.status == 503 and answer.retry_after and answer.body["code"] == "unavailable"
        broken_off = answer.status == BROKEN_OFF and self._damage.breaks_off
        if not (answer.status == good or away or broken_off):
            self._trouble(f"{what}: {answer}")

    def _demand_answer(self, what: str, answer: Answer) -> None:
        if answer.status in (503, BROKEN_OFF):
            self._trouble(f"{what}: {answer}")

    def _trouble(self, text: str) -> None:
        self._findings.troubles[text] += 1

    # -- asking -----------------------------------------------------------------------------

    def _any(self, *states: State) -> Held | None:
        found = [held for held in self._sessions if held.state in states]
        return self._chance.choice(found) if found else None

    def _credentials(self, password: str) -> dict[str, str]:
        return {"username": self._name, "password": password}

    def _ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        began = time.monotonic()
        answer = _request(self._app.port, method, f"/api/{path}", body, token)
        took = time.monotonic() - began
        self._findings.longest_seconds = max(self._findings.longest_seconds, took)
        if path.startswith("books"):
            self._findings.longest_book_seconds = max(self._findings.longest_book_seconds, took)
        self._findings.statuses[answer.status] += 1
        self.steady = 0 if answer.status in (503, BROKEN_OFF) else self.steady + 1
        return answer


def _request(port: int, method: str, path: str, body: Any, token: str | None) -> Answer:
    headers: dict[str, str] = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body) if body is not None else None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request(method, path, data, headers)
            reply = connection.getresponse()
            raw = reply.read()
        except (OSError, http.client.HTTPException):
            return Answer(BROKEN_OFF, None, None)
        return Answer(reply.status, json.loads(raw) if raw else None, reply.headers["Retry-After"])


def _new_password() -> str:
    return f"a quiet place {secrets.token_hex(4)}"


@contextlib.contextmanager
def people_at(app: App, damage: Damage | None = None, *, count: int = 5) -> Iterator[Findings]:
    """People who use the app while the block breaks something and mends it.

    Afterwards all must be well again by itself, nobody wrongly admitted or refused, nothing lost, and no
    answer late."""
    findings = Findings()
    people = [Person(app, damage or Damage(), findings, seed) for seed in range(count)]
    for person in people:
        person.sign_up()
        person.start()
    wait_until(lambda: all(person.steady > STEADY for person in people), "a quiet beginning")
    try:
        yield findings
        for person in people:
            person.steady = 0
        wait_until(lambda: all(person.steady > STEADY for person in people), f"being well again: {findings}")
    finally:
        for person in people:
            person.stop()
        for person in people:
            person.join(DEADLINE_SECONDS)
    for person in people:
        person.audit()
    print(findings)
    assert not findings.troubles, "\n".join(map(str, findings.troubles.most_common(20)))
    assert findings.longest_seconds < LONGEST_SECONDS, findings
    if damage and damage.spares_reads:
        assert findings.longest_book_seconds < SPARED_SECONDS, findings


def hold(seconds: float = 5.0) -> None:
    """Leave it broken for so long."""
    threading.Event().wait(seconds)


def environment(redis_url: str | None = None, database_url: str | None = None) -> Mapping[str, str]:
    urls = {"REDIS_URL": redis_url, "DATABASE_URL": database_url}
    return ENVIRONMENT | {name: url for name, url in urls.items() if url}
