"""Requests over real HTTP."""

import http.client
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import Any

from tests.support.waiting import DEADLINE_SECONDS


@dataclass(frozen=True)
class Reply:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def ask(
    url: str, method: str = "GET", *, body: Any = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """One request; a 4xx is an answer like any other. `body` is sent as JSON unless it is bytes."""
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    sent = (
        {"Content-Type": "application/json", **(headers or {})} if data is not None else dict(headers or {})
    )
    request = urllib.request.Request(url, data, sent, method=method)
    try:
        with _opener.open(request, timeout=DEADLINE_SECONDS) as answer:
            return Reply(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read())


def ask_raw(port: int, request: bytes, *, end: bool = False) -> Reply:
    """What no client library would send, byte by byte; `end` says that nothing more will come."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS)) as connection:
        connection.sendall(request)
        if end:
            connection.shutdown(socket.SHUT_WR)
        with closing(http.client.HTTPResponse(connection)) as answer:
            answer.begin()
            return Reply(answer.status, answer.headers, answer.read())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
