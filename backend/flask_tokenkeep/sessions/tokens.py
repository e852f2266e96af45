"""The token's bytes: minted and read here, pure arithmetic, no I/O.

token = "ta1_" + base64url( session_id 16 B ‖ generation u32 ‖ expires_at u32 ‖ HMAC-SHA256 32 B ), big-endian
"""

import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flask_tokenkeep.encoding import from_base64url, to_base64url
from flask_tokenkeep.errors import InvalidToken

PREFIX = "ta1_"
SESSION_ID_BYTES = 16
_CLAIMS = struct.Struct(f">{SESSION_ID_BYTES}sII")
_MAC_BYTES = 32
_ENCODED_CHARS = -(-(_CLAIMS.size + _MAC_BYTES) * 4 // 3)  # base64 without padding, rounded up
TOKEN_CHARS = len(PREFIX) + _ENCODED_CHARS


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: one generation of one session; `expires_at` in Unix seconds."""

    session_id: bytes
    generation: int
    expires_at: int


class TokenMint:
    """Mints with the first key; reads with any, so that SECRET_KEY can be replaced while tokens live."""

    def __init__(self, secret_key: str, fallbacks: Sequence[str] = ()) -> None:
        # The label is older than the name of this package, and stays: another one would end all sessions.
        label = b"flask-tokenauth token ta1"
        self._keys = [derive_key(secret, label) for secret in (secret_key, *fallbacks)]

    def mint(self, claims: Claims) -> str:
        """The token that says this. The same claims give the same text, so that a repeated refresh is
        answered alike."""
        packed = _CLAIMS.pack(claims.session_id, claims.generation, claims.expires_at)
        mac = hmac.digest(self._keys[0], packed, "sha256")
        return PREFIX + to_base64url(packed + mac)

    def read(self, token: str) -> Claims:
        """What a token of ours says; it may have expired. Raises InvalidToken for what we never minted."""
        raw = _decode(token)
        packed, mac = raw[: _CLAIMS.size], raw[_CLAIMS.size :]
        if not any(hmac.compare_digest(mac, hmac.digest(key, packed, "sha256")) for key in self._keys):
            raise InvalidToken
        return Claims(*_CLAIMS.unpack(packed))


def derive_key(secret: str, label: bytes) -> bytes:
    """32 bytes for one purpose only (HKDF-SHA256, RFC 5869): no two uses of SECRET_KEY share a key."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(secret.encode())


def _decode(token: str) -> bytes:
    if len(token) != TOKEN_CHARS or not token.startswith(PREFIX):
        raise InvalidToken
    try:
        return from_base64url(token[len(PREFIX) :])
    except ValueError:
        raise InvalidToken from None
