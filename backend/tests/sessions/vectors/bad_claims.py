"""Proofs to refuse for what they say: of another request, another time or another token."""

import hashlib
from collections.abc import Iterator
from typing import Any

from tests.sessions.vectors.bad_envelopes import spare_bits
from tests.sessions.vectors.making import NOW, TOKEN, URL, Vector, proof, refused, shown
from tests.support.browser_key import ABSENT, ath


def targets() -> Iterator[Vector]:
    for htm in ("post", "Post", "GET", " POST", "POST ", "", None, ["POST"], ABSENT):
        yield refused(f"htm {shown(htm)}", proof(htm=htm), "the method, exactly (§4.3 item 8)")
    for htu in (
        "https://evil.example/api/refresh",
        "https://books.example.evil.example/api/refresh",
        "https://books.example./api/refresh",
        "https://us@books.example/api/refresh",
        "https://books.example@evil.example/api/refresh",
        "https://books.example:443@evil.example/api/refresh",
        "https://books.example:8443/api/refresh",
        "https://books.example:80/api/refresh",
        "https://books.example:0443/api/refresh",
        "https://books.example:\u0664\u0664\u0663/api/refresh",
        "https://boo\u212as.example/api/refresh",
        "https://%62ooks.example/api/refresh",
        "http://books.example/api/refresh",
        "http://books.example:443/api/refresh",
        "wss://books.example/api/refresh",
        "https://books.example/api/login",
        "https://books.example/api/refresh/",
        "https://books.example/api/refresh/x",
        "https://books.example/api//refresh",
        "https://books.example/api%2Frefresh",
        "https://books.example/api/refresh%00",
        "https://books.example/api/refresh%",
        "https://books.example/api/refresh%zz",
        "https://books.example/API/refresh",
        "https://books.example/api/refresh;v=1",
        "https://books.example/api/x%2f..%2frefresh",
        "https://books.example/api\\refresh",
        "https:\\\\books.example\\api\\refresh",
        "https://books.example\\@evil.example/api/refresh",
        "https://books.example?/api/refresh",
        "https://books.example#/api/refresh",
        "https://books.example/api/refresh\n",
        "https://books.example/api/refresh?\n",
        "https://books.example/api/refresh?\u00e9",
        "https://books.example/api/re\tfresh",
        "https://books.example/api/refresh\x00",
        " https://books.example/api/refresh",
        "https:books.example/api/refresh",
        "https:///api/refresh",
        "//books.example/api/refresh",
        "/api/refresh",
        "",
        "\ud800",
        0,
        None,
        [URL],
        ABSENT,
    ):
        yield refused(f"htu {shown(htu)}", proof(htu=htu), "the address of this request (§4.3 item 9)")


def claims() -> Iterator[Vector]:
    times = (str(NOW), float(NOW), NOW + 0.5, NOW - 61, NOW + 11, 0, 1, -NOW, 10**30, NOW * 1000)
    yield refused("iat true in 1970", proof(iat=True), "true is no integer") | {"now": 1}
    yield refused("exp true in 1970", proof(iat=0, exp=True), "true is no integer") | {"now": 0}
    for iat in (*times, None, [NOW], "", ABSENT):
        yield refused(f"iat {shown(iat)}", proof(iat=iat), "an integer from now - 60 to now + 10 (§11.1)")
    limits: list[tuple[str, Any]] = [
        ("exp", NOW),
        ("exp", NOW - 1),
        ("exp", True),
        ("exp", str(NOW + 60)),
        ("exp", NOW + 0.5),
        ("exp", None),
        ("nbf", NOW + 11),
        ("nbf", False),
        ("nbf", str(NOW)),
        ("nbf", None),
    ]
    for name, value in limits:
        claim: dict[str, Any] = {name: value}
        yield refused(
            f"{name} {shown(value)}", proof(**claim), "kept when it is there (RFC 7519 §4.1.4, §4.1.5)"
        )
    for jti in (
        "j" * 15,
        "j" * 129,
        "",
        "j" * 15 + " ",
        "j" * 16 + "\n",
        "j" * 16 + "\x00",
        "j" * 15 + "é",
        "j" * 15 + "\ud800",
        10**20,
        None,
        ["j" * 16],
        ABSENT,
    ):
        yield refused(f"jti {shown(jti)}", proof(jti=jti), "16 to 128 visible ASCII characters")


def tokens() -> Iterator[Vector]:
    right = ath(TOKEN)
    for name, value in {
        "of another token": ath(TOKEN + "x"),
        "missing": ABSENT,
        "null": None,
        "empty": "",
        "padded": right + "=",
        "with spare bits": spare_bits(right),
        "in capitals": right.upper(),
        "in hexadecimal": hashlib.sha256(TOKEN.encode()).hexdigest(),
        "in a list": [right],
        "cut": right[:-1],
        "the token itself": TOKEN,
        "not ASCII": right + "é",
        "half a character": "\ud800",
        "true": True,
    }.items():
        bad = proof(token=TOKEN, ath=value)
        yield refused(f"ath {name}", bad, "the SHA-256 of the presented token (§4.3 item 12)", token=TOKEN)
    why = "made for a request with a token, and this one has none"
    yield refused("ath without a token", proof(ath=right), why)
    yield refused("ath null without a token", proof(ath=None), why)
    yield refused("ath of nothing without a token", proof(ath=ath("")), why)
    why = "a token is ASCII (§4.2)"
    yield refused("token not ASCII", proof(token="ta1_\xe9"), why, token="ta1_\xe9")
    yield refused("token of half a character", proof(ath=ath("?")), why, token="\ud800")
