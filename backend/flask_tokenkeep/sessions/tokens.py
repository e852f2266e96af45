"""The token's bytes: minted and read here, pure arithmetic, no I/O.

token = "ta1_" + base64url( session_id 16 B ‖ generation u32 ‖ expires_at u32 ‖ HMAC-SHA256 32 B ), big-endian
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flask_tokenkeep.errors import InvalidToken

PREFIX = "ta1_"
SESSION_ID_BYTES = 16
_CLAIMS = struct.Struct(f">{SESSION_ID_BYTES}sII")
_MAC_BYTES = 32
_ENCODED_CHARS = -(-(_CLAIMS.size + _MAC_BYTES) * 4 // 3)  # base64 without padding, rounded up
TOKEN_CHARS = len(PREFIX) + _ENCODED_CHARS
MAX_GENERATION = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Token:
    """One generation of one session; `expires_at` in Unix seconds."""

    session_id: bytes
    generation: int
    expires_at: int


class TokenMint:
    """Mints with the first key; reads with any, so that SECRET_KEY can be replaced while tokens live."""

    def __init__(self, secret_key: str, fallbacks: Sequence[str] = ()) -> None:
        self._keys = [derive_key(secret, b"flask-tokenauth token ta1") for secret in (secret_key, *fallbacks)]

    def mint(self, token: Token) -> str:
        """The same token gives the same bytes: that makes a repeated refresh idempotent."""
        claims = _CLAIMS.pack(token.session_id, token.generation, token.expires_at)
        mac = hmac.digest(self._keys[0], claims, "sha256")
        return PREFIX + urlsafe_b64encode(claims + mac).rstrip(b"=").decode()

    def read(self, text: str) -> Token:
        """The token that we once minted, which may have expired. Raises InvalidToken for all else."""
        raw = _decode(text)
        claims, mac = raw[: _CLAIMS.size], raw[_CLAIMS.size :]
        if not any(hmac.compare_digest(mac, hmac.digest(key, claims, "sha256")) for key in self._keys):
            raise InvalidToken
        return Token(*_CLAIMS.unpack(claims))


def derive_key(secret: str, label: bytes) -> bytes:
    """32 bytes for one purpose only (HKDF-SHA256, RFC 5869): no two uses of SECRET_KEY share a key."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(secret.encode())


def _decode(text: str) -> bytes:
    if len(text) != TOKEN_CHARS or not text.startswith(PREFIX) or not text.isascii():
        raise InvalidToken
    encoded = text[len(PREFIX) :].encode()
    try:
        raw = urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    except Base64Error:
        raise InvalidToken from None
    # Python's decoder skips foreign characters and ignores spare bits; one token must have one spelling.
    if urlsafe_b64encode(raw).rstrip(b"=") != encoded:
        raise InvalidToken
    return raw
