"""What the makers of vectors share: a good proof, its pieces, and how a vector is written down."""

import json
from typing import Any

from tests.support.browser_key import ABSENT, Key, compact

NOW = 1790000000
URL = "https://books.example/api/refresh"
TOKEN = "ta1_a-token.of_whatever~form"
JTI = "0f7c9940-ef1c-49ae-a26c-d4617d4bb5cf"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256, SP 800-186 §3.2.1.3
KEY, OTHER = Key(20260101), Key(20260102)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
Vector = dict[str, Any]


def refused(name: str, header: str, why: str, *, url: str = URL, token: str | None = None) -> Vector:
    return {
        "name": name,
        "header": header,
        "method": "POST",
        "url": url,
        "token": token,
        "now": NOW,
        "accept": False,
        "why": why,
    }


def accepted(
    name: str, header: str, why: str, key: str = KEY.thumbprint, *, url: str = URL, token: str | None = None
) -> Vector:
    return refused(name, header, why, url=url, token=token) | {"accept": True, "thumbprint": key}


def proof(*, header: dict[str, Any] | None = None, token: str | None = None, **claims: Any) -> str:
    return KEY.proof("POST", URL, token, NOW, header=header, **({"jti": JTI} | claims))


HEADER = compact({"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.jwk})
CLAIMS = compact({"jti": JTI, "htm": "POST", "htu": URL, "iat": NOW})
GOOD = proof()
SIGNED = GOOD.rpartition(".")[0]
SIGNATURE = KEY.signature(SIGNED.encode())


def shown(value: object) -> str:
    return "missing" if value is ABSENT else json.dumps(value)


def spare_bits(text: str) -> str:
    assert len(text) % 4 in (2, 3)
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) + 1]
