"""Proofs to refuse for how they are written: framing, spelling, JSON."""

import json
from collections.abc import Iterator
from itertools import count

from tests.sessions.vectors.making import (
    CLAIMS,
    GOOD,
    HEADER,
    KEY,
    Vector,
    refused,
    spare_bits,
)
from tests.support.browser_key import b64, compact


def framings() -> Iterator[Vector]:
    head, body, signature = GOOD.split(".")
    flat = json.dumps({"protected": head, "payload": body, "signature": signature})
    for name, text in {
        "empty": "",
        "two dots": "..",
        "no signature part": f"{head}.{body}",
        "empty signature": f"{head}.{body}.",
        "empty claims": KEY.signed_text(f"{head}."),
        "empty header": KEY.signed_text(f".{body}"),
        "four parts": f"{GOOD}.",
        "five parts": f"{GOOD}.{head}.{body}",
        "JSON serialisation": flat,
        "with a scheme": f"DPoP {GOOD}",
        "in quotes": f'"{GOOD}"',
        "two headers joined": f"{GOOD},{GOOD}",
        "two headers joined with a space": f"{GOOD}, {GOOD}",
        "comma at the end": f"{GOOD},",
        "space before": f" {GOOD}",
        "line feed after": f"{GOOD}\n",
        "NUL after": f"{GOOD}\x00",
        "letter of Latin-1": KEY.signed_text(f"{head}.{body}").replace(body, body + "\xe9"),
        "fullwidth dot": GOOD.replace(".", "\uff0e"),
    }.items():
        yield refused(name, text, "one compact JWS and nothing else (§4.3 items 1 and 2)")


def spellings() -> Iterator[Vector]:
    why = "base64url has one spelling (RFC 7515 §2, RFC 4648 §3.5)"
    head = next(text for n in range(3) if len(text := b64(HEADER + b" " * n)) % 4 == 2)
    body = next(text for n in range(3) if len(text := b64(CLAIMS + b" " * n)) % 4 == 3)
    dashed = next(
        text for i in count() if "-" in (text := b64(compact(json.loads(CLAIMS) | {"jti": f"{i:016}>>>"})))
    )
    yield refused("header padded", KEY.signed_text(f"{head}==.{b64(CLAIMS)}"), why)
    yield refused("claims padded", KEY.signed_text(f"{b64(HEADER)}.{body}="), why)
    yield refused("signature padded", GOOD + "==", why)
    yield refused("header with spare bits", KEY.signed_text(f"{spare_bits(head)}.{b64(CLAIMS)}"), why)
    yield refused("claims with spare bits", KEY.signed_text(f"{b64(HEADER)}.{spare_bits(body)}"), why)
    yield refused("signature with spare bits", spare_bits(GOOD), why)
    yield refused(
        "plus for minus",
        KEY.signed_text(f"{b64(HEADER)}.{dashed.replace('-', '+')}"),
        "base64, not base64url",
    )
    yield refused("space inside", KEY.signed_text(f"{b64(HEADER)[:8]} {b64(HEADER)[8:]}.{b64(CLAIMS)}"), why)
    yield refused("ignored letter inside", KEY.signed_text(f"{b64(HEADER)}.!{b64(CLAIMS)}"), why)
    yield refused("one letter too many", KEY.signed_text(f"{b64(HEADER)}.{body}AA"), why)


def json_texts() -> Iterator[Vector]:
    # Whole texts, for header and claims alike.
    for name, (header, claims) in {
        "claims are an array": (HEADER, b"[" + CLAIMS + b"]"),
        "claims are a string": (HEADER, b'"claims"'),
        "claims are null": (HEADER, b"null"),
        "claims are a list of pairs": (HEADER, b'[["jti","x"]]'),
        "header is an array": (b"[" + HEADER + b"]", CLAIMS),
        "header is a number": (b"1", CLAIMS),
        "claims with a byte order mark": (HEADER, b"\xef\xbb\xbf" + CLAIMS),
        "header with a byte order mark": (b"\xef\xbb\xbf" + HEADER, CLAIMS),
        "claims in UTF-16": (HEADER, CLAIMS.decode().encode("utf-16")),
        "claims in UTF-16 without mark": (HEADER, CLAIMS.decode().encode("utf-16-le")),
        "claims not UTF-8": (HEADER, CLAIMS.replace(b"}", b',"a":"\xff"}')),
        "claims with an overlong slash": (HEADER, CLAIMS.replace(b"}", b',"a":"\xc0\xaf"}')),
        "claims with a NUL after": (HEADER, CLAIMS + b"\x00"),
        "claims with a NUL inside": (HEADER, CLAIMS.replace(b"}", b',"a":"\x00"}')),
        "claims with something after": (HEADER, CLAIMS + b"{}"),
        "claims cut": (HEADER, CLAIMS[:-1]),
        "claims with a comma too many": (HEADER, CLAIMS.replace(b"}", b",}")),
        "claims with NaN": (HEADER, CLAIMS.replace(b"}", b',"a":NaN}')),
        "claims with Infinity": (HEADER, CLAIMS.replace(b"}", b',"a":-Infinity}')),
        "header with NaN": (HEADER.replace(b'"kty"', b'"kid":NaN,"kty"'), CLAIMS),
        "jti twice": (HEADER, CLAIMS.replace(b"{", b'{"jti":"another-of-16-characters",')),
        "jti twice, once escaped": (
            HEADER,
            CLAIMS.replace(b"{", b'{"\\u006ati":"another-of-16-characters",'),
        ),
        "htu twice": (HEADER, CLAIMS.replace(b"{", b'{"htu":"https://evil.example/",')),
        "unknown claim twice": (HEADER, CLAIMS.replace(b"}", b',"a":1,"a":1}')),
        "alg twice": (HEADER.replace(b"{", b'{"alg":"none",', 1), CLAIMS),
        "x twice": (HEADER.replace(b'"x"', b'"x":"AA","x"'), CLAIMS),
        "nested nine deep": (HEADER, CLAIMS.replace(b"}", b',"a":' + b"[" * 8 + b"]" * 8 + b"}")),
        "nested 500 deep": (HEADER, CLAIMS.replace(b"}", b',"a":' + b"[" * 500 + b"]" * 500 + b"}")),
        "nested 1000 deep, never closed": (HEADER, b"[" * 1000),
        "number of 1,100 digits": (HEADER, CLAIMS.replace(b'"iat":', b'"iat":' + b"1" * 1100)),
    }.items():
        yield refused(name, KEY.signed(header, claims), "strict JSON objects (RFC 7515 §4, RFC 8725 §2.4)")
