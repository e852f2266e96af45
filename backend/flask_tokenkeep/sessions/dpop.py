"""Check DPoP proofs (RFC 9449 §4.3): the JWT by which a browser shows that it holds a private key.

Pure: no I/O, no Flask. To refuse a second use of a `jti` is the caller's, after `check`: JTI_MEMORY_SECONDS.
"""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from flask_tokenkeep.encoding import JsonRefused, MemberTwice, from_base64url, parse_json, to_base64url

IAT_PAST_SECONDS = 60  # a slow network and a late clock; RFC 9449 §11.1: seconds or minutes
IAT_FUTURE_SECONDS = 10  # an early clock; each of these seconds can be made up in advance (§11.2)
CLOCK_DRIFT_SECONDS = 10  # between two servers of ours
# A proof holds from iat - 10 s up to and including iat + 60 s. A `jti` seen at the first of these moments
# must still be known at the last one, also where another server's clock says when that is.
JTI_MEMORY_SECONDS = IAT_PAST_SECONDS + IAT_FUTURE_SECONDS + CLOCK_DRIFT_SECONDS

# A browser's proof has some 520 characters; with the longest `jti`, a URL of 256 and all metadata, 1,100.
MAX_CHARACTERS = 2048
MAX_BRACKETS = 8  # header, jwk, key_ops and claims need one each
P256_BYTES = 32  # of a coordinate, of r and of s; never filled up (RFC 7518 §6.2.1.2, §3.4)

# What may be there, not what may not: so `crit`, `b64`, `jku`, `x5u`, `x5c` (a rule or a key from elsewhere),
# and in the key `d`, `k`, `p`, `q` (private or symmetric, §4.3 item 7), go with whatever is registered next.
HEADER_MEMBERS = {"typ", "alg", "jwk"}
KEY_MEMBERS = {"kty", "crv", "x", "y"}
KEY_METADATA = {"kid", "use", "alg", "ext", "key_ops"}  # WebCrypto and JOSE libraries add them; never read

# Visible ASCII: a lone surrogate or a NUL would hurt whoever stores or logs the ID.
JTI = re.compile(r"[!-~]{16,128}")
# No userinfo (https://us@evil.example), backslash or space, about which URL parsers disagree. ASCII, because
# IGNORECASE alone takes the Kelvin sign for a k.
HTTP_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]*))?"
    r"(?P<path>(?:/(?:[a-z0-9._~!$&'()*+,;=:@-]|%[0-9a-f]{2})*)*)(?:[?#][!-~]*)?",
    re.ASCII | re.IGNORECASE,
)
DEFAULT_PORTS = {"http": "80", "https": "443"}


class InvalidProof(Exception):
    """The proof is refused; the text, for the log, is one of ours and quotes nothing that was sent."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A valid proof: its key's RFC 7638 thumbprint (43 characters), and its own ID."""

    thumbprint: str
    jti: str


def check(header: str, *, method: str, url: str, token: str | None, now: float) -> Proof:
    """Check the raw value of the `DPoP` header against the request that carried it.

    `url` is made from PUBLIC_URL, never from `Host`: an intermediary could write there the name for which it
    obtained a proof. `token` is the presented token, None where there is none; `now` is in Unix seconds.
    Raises InvalidProof, nothing else."""
    # Cheap things first, and no claim is even parsed before the signature stands. It is no barrier against
    # load, since strangers can sign with a key of their own: the rate limits are.
    _require(len(header) <= MAX_CHARACTERS, "too long")
    parts = header.split(".")
    _require(len(parts) == 3, "not three parts")
    jose, payload, signature = (_decode(part) for part in parts)
    jwk = _jwk(_json_object(jose))
    _verify(jwk, ".".join(parts[:2]).encode("ascii"), signature)
    claims = _json_object(payload)
    # A proof caught on its way to one endpoint opens no other. Methods are case-sensitive (RFC 9110 §9.1).
    _require(claims.get("htm") == method, "htm")
    _require(_normal(claims.get("htu")) == _normal(url), "htu")
    _check_token(claims, token)
    _check_times(claims, now)
    return Proof(thumbprint(jwk), _jti(claims))


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Name a P-256 key: base64url SHA-256 of its required members in the one order (RFC 7638 §3.2)."""
    members = {name: jwk[name] for name in sorted(KEY_MEMBERS)}
    return _digest(json.dumps(members, separators=(",", ":")))


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise InvalidProof(reason)


def _digest(text: str) -> str:
    return to_base64url(sha256(text.encode("ascii")).digest())


def _decode(text: object) -> bytes:
    # One spelling: no padding, +/ for -_, white space, or the comma that joins two headers (§4.3 item 1).
    try:
        return from_base64url(text if isinstance(text, str) else "!")  # a coordinate can be of any JSON type
    except ValueError as error:
        raise InvalidProof("not base64url") from error


def _json_object(data: bytes) -> dict[str, Any]:
    # Counted before the parser, which goes down as deep as there are brackets.
    _require(data.count(b"[") + data.count(b"{") <= MAX_BRACKETS, "nested too deep")
    try:
        value: dict[str, Any] = parse_json(data)
    except MemberTwice as error:
        raise InvalidProof("a member twice") from error
    except JsonRefused as error:
        raise InvalidProof("not JSON") from error
    _require(isinstance(value, dict), "not a JSON object")
    return value


def _jwk(jose: dict[str, Any]) -> dict[str, Any]:
    _require(jose.keys() == HEADER_MEMBERS, "header members")
    # Letter by letter as in §4.2: another typ is another kind of JWT by the same key (RFC 8725 §3.11).
    _require(jose["typ"] == "dpop+jwt", "typ")
    # One algorithm: nothing to switch to "none", or to HMAC with the public key as its secret.
    _require(jose["alg"] == "ES256", "alg")
    jwk: dict[str, Any] = jose["jwk"]
    _require(isinstance(jwk, dict), "jwk")
    _require(KEY_MEMBERS <= jwk.keys() <= KEY_MEMBERS | KEY_METADATA, "jwk members")
    _require(jwk["kty"] == "EC" and jwk["crv"] == "P-256", "jwk type")
    return jwk


def _verify(jwk: dict[str, Any], signed: bytes, signature: bytes) -> None:
    x, y = _decode(jwk["x"]), _decode(jwk["y"])
    _require(len(x) == len(y) == P256_BYTES, "jwk coordinates")
    _require(len(signature) == 2 * P256_BYTES, "length of the signature")
    r, s = int.from_bytes(signature[:P256_BYTES], "big"), int.from_bytes(signature[P256_BYTES:], "big")
    try:
        # From the encoded point: from two numbers it would take x + p for x, a second thumbprint for one key.
        # What isn't on the curve is refused here, and r or s out of 1…n-1 by `verify`.
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x04" + x + y)
        key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
    except ValueError as error:
        raise InvalidProof("jwk not on the curve") from error
    except InvalidSignature as error:
        raise InvalidProof("signature") from error


def _normal(url: object) -> str:
    """Normalise by RFC 3986 §6.2.2 and §6.2.3, without query and fragment (RFC 9449 §4.3 item 9)."""
    match = HTTP_URL.fullmatch(url) if isinstance(url, str) else None
    if match is None:
        raise InvalidProof("no http URL")
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    authority = host if port in (None, "", DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path = re.sub("%..", _unescape, match["path"] or "/")
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        kept = kept[:-1] if segment == ".." else kept + [segment] * (segment != ".")
    end = [""] if path.endswith(("/.", "/..")) else []
    return f"{scheme}://{authority}" + "/".join(["", *kept, *end])


def _unescape(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    # Only what needs no escape: %2F is no slash.
    return character if re.fullmatch("[A-Za-z0-9._~-]", character) else match[0].upper()


def _check_token(claims: dict[str, Any], token: str | None) -> None:
    if token is None:
        # Made for a request with a token, and none has come: not this request.
        _require("ath" not in claims, "ath without a token")
        return
    # Without it a caught proof would go with any token of that key.
    ath = str(claims.get("ath")).encode(errors="replace")
    _require(token.isascii() and hmac.compare_digest(ath, _digest(token).encode("ascii")), "ath")


def _jti(claims: dict[str, Any]) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or JTI.fullmatch(jti) is None:
        raise InvalidProof("jti")
    return jti


def _check_times(claims: dict[str, Any], now: float) -> None:
    iat, nbf, exp = claims.get("iat"), claims.get("nbf", 0), claims.get("exp", 2**63)
    # type(), because isinstance takes true for 1. No floats: they round, and 1e999 is a number to JSON.
    if type(iat) is not int or type(nbf) is not int or type(exp) is not int:
        raise InvalidProof("a time that is no integer")
    _require(now - IAT_PAST_SECONDS <= iat <= now + IAT_FUTURE_SECONDS, "iat")
    # DPoP asks for neither, but no JWT is accepted outside of what it says itself (RFC 7519 §4.1.4, §4.1.5).
    _require(nbf <= now + IAT_FUTURE_SECONDS and now < exp, "nbf or exp")
