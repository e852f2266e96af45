"""Somebody with an account at the app as it is served."""

import re
from itertools import count
from uuid import UUID

from tests.support.app_process import App
from tests.support.asking import Reply, ask, bearer
from tests.support.examples import PASSWORD

names = (f"reader{number}" for number in count())
MANY_CONNECTIONS = 24  # more than both workers have threads: each worker gets some


class Reader:
    """Somebody with an account; every request is a connection of its own, so any worker may get it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.body = {"username": next(names), "password": PASSWORD}
        assert self.post("register").status == 201

    def post(self, path: str, token: str | None = None) -> Reply:
        if token:
            return ask(f"{self.app.url}/api/{path}", "POST", headers=bearer(token))
        return ask(f"{self.app.url}/api/{path}", "POST", body=self.body)

    def get(self, path: str, token: str) -> Reply:
        return ask(f"{self.app.url}/api/{path}", headers=bearer(token))

    def log_in(self) -> str:
        answer = self.post("login")
        assert answer.status == 200
        token: str = answer.json["token"]
        return token


def protected_operations(server: App) -> list[tuple[str, str]]:
    """Method and path of everything that OpenAPI says needs a token."""
    paths = ask(f"{server.url}/api/openapi.json").json["paths"]
    return [
        (method.upper(), re.sub(r"{\w+}", str(UUID(int=7)) if "sessions" in path else "7", path))
        for path, operations in paths.items()
        for method, operation in operations.items()
        if operation["security"]
    ]
