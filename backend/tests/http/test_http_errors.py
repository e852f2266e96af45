"""What the framework refuses by itself has the code of what it is."""

import pytest
from flask import Flask, abort

CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "precondition_failed",
    413: "body_too_large",
    416: "requested_range_not_satisfiable",
    429: "too_many_requests",
    500: "internal_error",
    501: "not_implemented",
    503: "unavailable",
}


@pytest.mark.parametrize("status", CODES)
def test_each_status_has_a_code_of_its_own(app: Flask, status: int) -> None:
    app.add_url_rule("/refused", view_func=lambda: abort(status))
    answer = app.test_client().get("/refused")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["code"] == CODES[status]
