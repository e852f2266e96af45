"""What every answer of the API has to have."""

from tests.support.asking import Reply


def expect_problem(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.headers["Content-Type"]) == (status, "application/problem+json"), reply.body
    assert (reply.json["status"], reply.json["code"]) == (status, code)
    assert {"type", "title", "detail"} <= reply.json.keys()


def expect_headers(reply: Reply, *, cached: bool = False) -> None:
    assert cached or reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Set-Cookie"] is None
    assert (reply.status == 401) == ("WWW-Authenticate" in reply.headers)
    assert (reply.status in (429, 503)) == ("Retry-After" in reply.headers)
