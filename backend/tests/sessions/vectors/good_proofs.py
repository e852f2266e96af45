"""Proofs to accept, the independently made ones among them."""

import json
from collections.abc import Iterator
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.sessions.vectors.making import (
    CLAIMS,
    GOOD,
    HEADER,
    JTI,
    KEY,
    NOW,
    ORDER,
    SIGNATURE,
    SIGNED,
    TOKEN,
    URL,
    Vector,
    accepted,
    proof,
)
from tests.support.browser_key import ath, b64


def rfc_examples() -> Iterator[Vector]:
    header = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpD"
        "a0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6"
        "IlAtMjU2In19."
    )
    thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    yield accepted(
        "RFC 9449, token request",
        header
        + "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUu"
        "Y29tL3Rva2Vu"
        "IiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV"
        "37xRZT3Lg",
        "the example of §4.1, its thumbprint in §6.1",
        thumbprint,
        url="https://server.example.com/token",
    ) | {"now": 1562262616}
    yield accepted(
        "RFC 9449, protected resource",
        header
        + "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxl"
        "Lm9yZy9wcm90"
        "ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtz"
        "bVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
        "the example of §7.1",
        thumbprint,
        url="https://resource.example.org/protectedresource",
        token="Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
    ) | {"method": "GET", "now": 1562262618}


def joserfc_proofs() -> Iterator[Vector]:
    claims = {"jti": JTI, "htm": "POST", "htu": URL, "iat": NOW}
    for name, key, token in (
        ("joserfc, without a token", ECKey.generate_key("P-256"), None),
        ("joserfc, with a token", ECKey.generate_key("P-256"), TOKEN),
        (
            "joserfc, with a named key",
            ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True),
            None,
        ),
    ):
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
        text = jwt.encode(header, claims | ({"ath": ath(token)} if token else {}), key)
        yield accepted(name, text, "made by another implementation", key.thumbprint(), token=token)


def ours() -> Iterator[Vector]:
    yield accepted("plain", GOOD, "what our client sends")
    yield accepted("with a token", proof(token=TOKEN), "what our client sends", token=TOKEN)
    edges: dict[str, dict[str, Any]] = {
        "iat 60 s ago": {"iat": NOW - 60},
        "iat in 10 s": {"iat": NOW + 10},
        "jti of 16": {"jti": "!" + "j" * 14 + "~"},
        "jti of 128": {"jti": "j" * 128},
        "exp in a second": {"exp": NOW + 1},
        "nbf in 10 s": {"nbf": NOW + 10},
        "unknown claims": {"nonce": "of another server", "iss": "app", "more": {"a": [1]}},
    }
    for name, claims in edges.items():
        yield accepted(name, proof(**claims), "just inside the rule")
    for htu in (
        "HTTPS://Books.Example/api/refresh",
        "https://books.example:443/api/refresh",
        "https://books.example:/api/refresh",
        "https://books.example/x/../api/./refresh",
        "https://books.example/../api/x/%2e%2E/refresh",
        "https://books.example/%61pi/re%66resh",
        "https://books.example/api/refresh?next=%2F&x",
        "https://books.example/api/refresh#part",
        "https://books.example/api/refresh?a?b#c#d",
    ):
        yield accepted(f"htu {htu}", proof(htu=htu), "the same after RFC 3986 §6.2.2 and §6.2.3")
    for htu, url in (
        ("https://books.example", "https://books.example/"),
        ("http://LOCALHOST:5003/a/b/..", "http://localhost:5003/a/"),
        ("http://[::1]:80/a/.", "http://[::1]/a/"),
        ("https://books.example/..", "https://books.example"),
        ("https://books.example/%c3%a9%2f", "https://books.example/%C3%A9%2F"),
        (URL, URL + "?query=ignored"),
    ):
        yield accepted(f"htu {htu} for {url}", proof(htu=htu), "the same after RFC 3986", url=url)
    spaced = json.dumps(json.loads(CLAIMS), indent=2).encode() + b"\n"
    yield accepted("spaced JSON", KEY.signed(HEADER + b" ", spaced), "white space is JSON")
    twin = SIGNATURE[:32] + (ORDER - int.from_bytes(SIGNATURE[32:], "big")).to_bytes(32, "big")
    yield accepted("signature with n - s", f"{SIGNED}.{b64(twin)}", "ECDSA has two; WebCrypto makes either")
