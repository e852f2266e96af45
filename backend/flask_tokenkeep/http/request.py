"""What a view reads off its request: the token, the body, and who is asking."""

from typing import TypeVar

from flask import request

from flask_tokenkeep.clients import Client, PresentedProof, make_client
from flask_tokenkeep.errors import InvalidToken, MissingToken, UnsupportedMediaType
from flask_tokenkeep.http.parsing import Body, parse_body

AnyBody = TypeVar("AnyBody", bound=Body)


def bearer_token() -> str:
    """The presented token (RFC 6750 §2.1), from this header and nowhere else.

    Raises MissingToken, or InvalidToken where the header is two."""
    header = request.headers.get("Authorization")
    if header is None:
        raise MissingToken
    if "," in header:  # Two headers, joined on the way: which one did the proxy in front check?
        raise InvalidToken
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise MissingToken
    return token


def read_body(model: type[AnyBody]) -> AnyBody:
    """The body of this request, checked. Raises UnsupportedMediaType, InvalidJson or ValidationFailed."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    return parse_body(request.get_data(), model)


def client() -> Client:
    """Who is asking: the address, the program, and the proof if there is one."""
    jwt = request.headers.get("DPoP")
    path = request.root_path + request.path
    proof = None if jwt is None else PresentedProof(jwt, request.method, path)
    return make_client(request.remote_addr, request.user_agent.string, proof)
