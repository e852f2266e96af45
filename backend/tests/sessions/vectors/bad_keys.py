"""Proofs to refuse for their header, their key or their signature."""

import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from itertools import count

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from tests.sessions.vectors.making import (
    CLAIMS,
    HEADER,
    JTI,
    KEY,
    NOW,
    ORDER,
    OTHER,
    SIGNATURE,
    SIGNED,
    URL,
    Vector,
    proof,
    refused,
    spare_bits,
)
from tests.support.browser_key import ABSENT, Key, ath, b64, compact


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
