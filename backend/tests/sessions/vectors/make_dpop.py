"""Write dpop.json: proofs to accept, the independently made ones among them, and proofs to refuse.

In a folder of its own: `npm i dpop jose`, copy make_dpop.mjs there, and
`node make_dpop.mjs | PYTHONPATH=backend python -m tests.sessions.vectors.make_dpop`.

A refused proof is wrong in one thing only and truly signed wherever that can be, so that nothing but the rule
it is about stands in its way."""

import hashlib
import hmac
import json
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.support.browser_key import ABSENT, Key, ath, b64, compact

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


# -- accepted -------------------------------------------------------------------------------


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


# -- refused --------------------------------------------------------------------------------


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


def spare_bits(text: str) -> str:
    assert len(text) % 4 in (2, 3)
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) + 1]


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


def headers() -> Iterator[Vector]:
    for name, header in {
        "typ JWT": {"typ": "JWT"},
        "typ missing": {"typ": ABSENT},
        "typ null": {"typ": None},
        "typ in capitals": {"typ": "DPOP+JWT"},
        "typ with application/": {"typ": "application/dpop+jwt"},
        "typ in a list": {"typ": ["dpop+jwt"]},
        "alg none": {"alg": "none"},
        "alg missing": {"alg": ABSENT},
        "alg es256": {"alg": "es256"},
        "alg ES384 over an ES256 signature": {"alg": "ES384"},
        "alg in a list": {"alg": ["ES256"]},
        "crit": {"crit": ["b64"]},
        "crit, empty": {"crit": []},
        "b64 true": {"b64": True},
        "b64 false": {"b64": False, "crit": ["b64"]},
        "jku": {"jku": "https://evil.example/keys"},
        "x5u": {"x5u": "https://evil.example/chain"},
        "x5c": {"x5c": ["MIIB"]},
        "x5t#S256": {"x5t#S256": ath("a certificate")},
        "kid": {"kid": "../../etc/passwd"},
        "zip": {"zip": "DEF"},
        "enc": {"enc": "A256GCM"},
        "a member nobody knows": {"x": 1},
        "jwk missing": {"jwk": ABSENT},
        "jwk null": {"jwk": None},
        "jwk a string": {"jwk": json.dumps(KEY.jwk)},
        "jwk in a list": {"jwk": [KEY.jwk]},
        "jwk of somebody else": {"jwk": OTHER.jwk},
    }.items():
        yield refused(name, proof(header=header), "typ, alg and jwk, exactly (§4.2, RFC 8725 §3.1)")


def keys() -> Iterator[Vector]:
    x, y = (decode(KEY.jwk[name]) for name in ("x", "y"))
    short = next(key for i in count(1) if decode((key := Key(i)).jwk["x"])[0] == 0)
    for name, jwk in {
        "private key": KEY.private_jwk,
        "d null": KEY.jwk | {"d": None},
        "d empty": KEY.jwk | {"d": ""},
        "k": KEY.jwk | {"k": "AA"},
        "p and q": KEY.jwk | {"p": "AA", "q": "AA"},
        "x5c in the jwk": KEY.jwk | {"x5c": ["MIIB"]},
        "x5u in the jwk": KEY.jwk | {"x5u": "https://evil.example/chain"},
        "oth": KEY.jwk | {"oth": []},
        "kty OKP": KEY.jwk | {"kty": "OKP"},
        "kty oct": {"kty": "oct", "k": b64(x)},
        "kty missing": without(KEY.jwk, "kty"),
        "crv P-384": KEY.jwk | {"crv": "P-384"},
        "crv secp256k1": KEY.jwk | {"crv": "secp256k1"},
        "crv missing": without(KEY.jwk, "crv"),
        "x missing": without(KEY.jwk, "x"),
        "y missing": without(KEY.jwk, "y"),
        "x a number": KEY.jwk | {"x": 1},
        "y null": KEY.jwk | {"y": None},
        "y a list": KEY.jwk | {"y": [KEY.jwk["y"]]},
        "x padded": KEY.jwk | {"x": KEY.jwk["x"] + "="},
        "x with spare bits": KEY.jwk | {"x": spare_bits(KEY.jwk["x"])},
        "y with a line feed": KEY.jwk | {"y": KEY.jwk["y"] + "\n"},
        "x with a zero before": KEY.jwk | {"x": b64(b"\x00" + x)},
        "cut between x and y moved": KEY.jwk | {"x": b64(x[:31]), "y": b64(x[31:] + y)},
        "x empty, all in y": KEY.jwk | {"x": "", "y": b64(x + y)},
        "compressed point": KEY.jwk | {"x": b64(bytes([2 + y[-1] % 2]) + x), "y": ""},
        "not on the curve": KEY.jwk | {"y": b64(bytes([y[0] ^ 1]) + y[1:])},
        "x and y exchanged": KEY.jwk | {"x": KEY.jwk["y"], "y": KEY.jwk["x"]},
        "point at infinity as zeros": KEY.jwk | {"x": b64(bytes(32)), "y": b64(bytes(32))},
        "coordinates all ones": KEY.jwk | {"x": b64(b"\xff" * 32), "y": b64(b"\xff" * 32)},
    }.items():
        yield refused(
            name, proof(header={"jwk": jwk}), "a public key on P-256, written in full (§4.3 item 7)"
        )
    stripped = short.jwk | {"x": b64(decode(short.jwk["x"])[1:])}
    text = short.proof("POST", URL, None, NOW, jti=JTI, header={"jwk": stripped})
    yield refused("x without its zero byte", text, "coordinates have 32 bytes (RFC 7518 §6.2.1.2)")


def without(members: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in members.items() if key != name}


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def signatures() -> Iterator[Vector]:
    r, s = SIGNATURE[:32], SIGNATURE[32:]
    zero, order = bytes(32), ORDER.to_bytes(32, "big")
    other = OTHER.signature(SIGNED.encode())
    for name, signature in {
        "DER signature": KEY.der_signature(SIGNED.encode()),
        "r and s zero": zero + zero,
        "r zero": zero + s,
        "s zero": r + zero,
        "r = n": order + s,
        "s = n": r + order,
        "r and s = n": order + order,
        "r and s all ones": b"\xff" * 64,
        "s with a zero before": r + b"\x00" + s,
        "s cut": SIGNATURE[:-1],
        "twice": SIGNATURE * 2,
        "s before r": s + r,
        "of another key": other,
    }.items():
        yield refused(f"signature: {name}", f"{SIGNED}.{b64(signature)}", "r‖s of 64 bytes (RFC 7518 §3.4)")
    texts = (proof(jti=f"{i:016}").rpartition(".")[0] for i in count())
    text, signature = next((text, made) for text in texts if (made := KEY.signature(text.encode()))[32] == 0)
    short = f"{text}.{b64(signature[:32] + signature[33:])}"
    yield refused("signature: s without its zero byte", short, "r‖s of 64 bytes (RFC 7518 §3.4)")
    changed = f"{b64(HEADER)}.{b64(CLAIMS.replace(b'refresh', b'Refresh'))}.{b64(SIGNATURE)}"
    yield refused(
        "signature of other claims", changed, "the signature covers the claims", url=URL[:-7] + "Refresh"
    )
    ascii_only = b64(KEY.signature(HEADER + b"." + CLAIMS))
    yield refused("signature over the decoded parts", f"{SIGNED}.{ascii_only}", "over the encoded parts")


def algorithms() -> Iterator[Vector]:
    why = "ES256 is the only algorithm (§4.3 item 5, RFC 8725 §3.1)"

    def made(alg: str, jwk: dict[str, str]) -> str:
        return f"{b64(compact({'typ': 'dpop+jwt', 'alg': alg, 'jwk': jwk}))}.{b64(CLAIMS)}"

    for name in ("none", "None", "NONE"):
        yield refused(f"alg {name}, unsigned", made(name, KEY.jwk) + ".", why)
    public = KEY.public
    text = made("HS256", KEY.jwk)
    for name, secret in {
        "PEM": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "point": public.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        ),
        "JWK": compact(KEY.jwk),
    }.items():
        mac = hmac.digest(secret, text.encode(), "sha256")
        yield refused(f"HS256, the public key's {name} as secret", f"{text}.{b64(mac)}", why)
    text = made("HS256", {"kty": "oct", "k": b64(b"secret" * 6)})
    mac = hmac.digest(b"secret" * 6, text.encode(), "sha256")
    yield refused("HS256 with the secret in the jwk", f"{text}.{b64(mac)}", why)
    yield from (refused(name, text, why) for name, text in _other_keys(made))


def _other_keys(made: Callable[[str, dict[str, str]], str]) -> Iterator[tuple[str, str]]:
    rsa_key = rsa.generate_private_key(65537, 2048)
    n = rsa_key.public_key().public_numbers().n.to_bytes(256, "big")
    text = made("RS256", {"kty": "RSA", "n": b64(n), "e": "AQAB"})
    yield "RS256", f"{text}.{b64(rsa_key.sign(text.encode(), padding.PKCS1v15(), SHA256()))}"
    p384 = ec.generate_private_key(ec.SECP384R1())
    numbers = p384.public_key().public_numbers()
    x, y = (b64(number.to_bytes(48, "big")) for number in (numbers.x, numbers.y))
    text = made("ES384", {"kty": "EC", "crv": "P-384", "x": x, "y": y})
    r, s = decode_dss_signature(p384.sign(text.encode(), ec.ECDSA(SHA384())))
    yield "ES384", f"{text}.{b64(r.to_bytes(48, 'big') + s.to_bytes(48, 'big'))}"
    edwards = ed25519.Ed25519PrivateKey.generate()
    text = made("EdDSA", {"kty": "OKP", "crv": "Ed25519", "x": b64(edwards.public_key().public_bytes_raw())})
    yield "EdDSA", f"{text}.{b64(edwards.sign(text.encode()))}"


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


def shown(value: object) -> str:
    return "missing" if value is ABSENT else json.dumps(value)


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


def main() -> None:
    groups = (framings, spellings, json_texts, headers, keys, signatures, algorithms, targets, claims, tokens)
    vectors = [*rfc_examples(), *json.load(sys.stdin), *joserfc_proofs(), *ours()]
    vectors += [vector for group in groups for vector in group()]
    names = [vector["name"] for vector in vectors]
    assert len(names) == len(set(names)), "two vectors with one name"
    Path(__file__).with_name("dpop.json").write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
