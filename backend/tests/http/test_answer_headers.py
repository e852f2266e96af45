"""The headers that the contract promises."""

from tests.support.app_process import App
from tests.support.asking import ask
from tests.support.expectations import expect_headers, expect_problem
from tests.support.reader import Reader


def test_every_answer_has_the_headers_of_the_contract(server: App, reader: Reader) -> None:
    token = reader.log_in()
    for reply in (
        reader.post("register"),
        reader.post("login"),
        reader.get("me", token),
        reader.get("me", "x"),
        ask(f"{server.url}/api/me"),
        ask(f"{server.url}/api/me", "PUT"),
        ask(f"{server.url}/api/nowhere"),
        ask(f"{server.url}/api/config"),
        reader.post("refresh", token),
        reader.post("logout", token),
    ):
        assert reply.status < 500
        expect_headers(reply)
    document = ask(f"{server.url}/api/openapi.json")
    expect_headers(document, cached=True)
    assert document.headers["Cache-Control"] == "no-cache"
    books = reader.get("books", reader.log_in())
    expect_headers(books, cached=True)
    assert books.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in books.headers["Vary"]
    unread = ask(f"{server.url}/api/books")
    expect_problem(unread, 401, "missing_token")
    expect_headers(unread)
