"""From ASGI to WSGI (PEP 3333). What could mean two things is refused, not chosen from."""

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from flask_tokenkeep import Problem

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

HEADER_BYTES = 32 * 1024  # all fields together
REFUSED = "bookshelf.refused"
# Said twice these mean something else to every program on the way.
SINGLE_HEADERS = frozenset({b"host", b"content-length", b"content-type"})
# Where a byte beyond ASCII could make two programs read two things. Elsewhere it is Latin-1 (RFC 9110 §5.5).
ASCII_HEADERS = (b"authorization", b"dpop", b"host", b"content-", b"transfer-", b"x-forwarded-")


class BadRequest(Problem):
    status, code, title = 400, "bad_request", "The request can't be understood"
    default_detail = "A header that may stand there once was sent more than once."


class HeadersTooLarge(Problem):
    status, code, title = 431, "headers_too_large", "The headers are too large"
    default_detail = f"All header fields together may have {HEADER_BYTES // 1024} KiB."


def environ_of(scope: Any) -> "WSGIEnvironment":
    """The request as WSGI has it, without its body; under REFUSED the problem, if it can't be taken."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    try:
        _add_headers(environ, scope)
    except Problem as problem:
        environ[REFUSED] = problem
    return environ


def _add_headers(environ: "WSGIEnvironment", scope: Any) -> None:
    if not scope["method"].isupper():  # `get` is not GET (RFC 9110 §9.1), but Werkzeug would take it for it
        raise BadRequest("Methods are upper case.")
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        # `X_Forwarded_For` would be taken for `X-Forwarded-For`, past the proxy that replaced the real one.
        if (
            b"_" not in name and name != b"range"
        ):  # which a server may ignore (RFC 9110 §14.2); ours are small
            _add_header(environ, name, value)
    if size > HEADER_BYTES:
        raise HeadersTooLarge
    if not environ.get("HTTP_HOST") and scope["http_version"] == "1.1":
        raise BadRequest("There is no Host (RFC 9112 §3.2).")


def _add_header(environ: "WSGIEnvironment", name: bytes, value: bytes) -> None:
    if not value.isascii() and name.startswith(ASCII_HEADERS):
        raise BadRequest(f"The header {name.decode('latin-1')} may have ASCII characters only.")
    key, text = name.decode("latin-1").upper().replace("-", "_"), value.decode("latin-1")
    if name not in (b"content-type", b"content-length"):
        key = f"HTTP_{key}"
    if key in environ:
        if name in SINGLE_HEADERS:
            raise BadRequest
        text = f"{environ[key]},{text}"
    environ[key] = text
