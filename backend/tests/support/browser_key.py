"""A browser's part of DPoP: a P-256 key that makes proofs, good ones and, on demand, broken ones."""

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

ABSENT: Any = object()  # as the value of a member: leave it out


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def ath(token: str) -> str:
    return b64(hashlib.sha256(token.encode()).digest())


def compact(members: dict[str, Any]) -> bytes:
    present = {name: value for name, value in members.items() if value is not ABSENT}
    return json.dumps(present, separators=(",", ":")).encode()


class Key:
    """`Key()` is a new key; `Key(seed)` is the same one for the same number, and signs deterministically."""

    def __init__(self, seed: int | None = None) -> None:
        scalar = seed or int.from_bytes(secrets.token_bytes(31), "big") + 1
        self._private = ec.derive_private_key(scalar, ec.SECP256R1())
        self._deterministic = seed is not None

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self._private.public_key()

    @property
    def jwk(self) -> dict[str, str]:
        point = self.public.public_numbers()
        x, y = (b64(number.to_bytes(32, "big")) for number in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    @property
    def private_jwk(self) -> dict[str, str]:
        return self.jwk | {"d": b64(self._private.private_numbers().private_value.to_bytes(32, "big"))}

    @property
    def thumbprint(self) -> str:
        x, y = self.jwk["x"], self.jwk["y"]
        return b64(hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest())

    def proof(
        self,
        method: str,
        url: str,
        token: str | None = None,
        now: float | None = None,
        *,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Make a DPoP header; `header` and `claims` replace or add members, ABSENT removes one."""
        jose = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk} | (header or {})
        payload = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url,
            "iat": int(time.time() if now is None else now),
            "ath": ABSENT if token is None else ath(token),
        } | claims
        return self.signed(compact(jose), compact(payload))

    def signed(self, header: bytes, payload: bytes) -> str:
        """Sign any two byte strings, JSON or not."""
        return self.signed_text(f"{b64(header)}.{b64(payload)}")

    def signed_text(self, text: str) -> str:
        return f"{text}.{b64(self.signature(text.encode()))}"

    def der_signature(self, data: bytes) -> bytes:
        return self._private.sign(data, ec.ECDSA(SHA256(), deterministic_signing=self._deterministic))

    def signature(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self.der_signature(data))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
