"""What a view reads off its request: the token, the proof, the body, and where all of it came from."""

from typing import TypeVar

from flask import request

from flask_tokenkeep import clients
from flask_tokenkeep.clients import Client
from flask_tokenkeep.errors import InvalidToken, MissingToken, UnsupportedMediaType
from flask_tokenkeep.http.parsing import Body, parse
from flask_tokenkeep.sessions.proofs import Presented

AnyBody = TypeVar("AnyBody", bound=Body)


def bearer_token() -> str:
    """The presented token (RFC 6750 §2.1), from this header and nowhere else."""
    header = request.headers.get("Authorization")
    if header is None:
        raise MissingToken
    if "," in header:  # Two headers, joined on the way: which one did the proxy in front check?
        raise InvalidToken
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise MissingToken
    return token


def body(model: type[AnyBody]) -> AnyBody:
    """Raises UnsupportedMediaType, InvalidJson or ValidationFailed."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    return parse(request.get_data(), model)


def client() -> Client:
    return clients.client(request.remote_addr, request.user_agent.string)


def presented() -> Presented:
    return Presented(request.headers.get("DPoP"), request.method, request.root_path + request.path)
