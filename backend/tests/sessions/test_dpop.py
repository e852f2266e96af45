import json
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flask_tokenkeep.sessions import dpop
from flask_tokenkeep.sessions.dpop import InvalidProof, Proof, check, thumbprint
from tests.support.browser_key import Key, b64, compact

URL = "https://books.example/api/refresh"
NOW = 1790000000
KEY = Key(1)
VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("dpop.json").read_text())
P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["dpop+jwt", "ES256", "POST", URL, NOW]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


def accept(header: str, *, url: str = URL, token: str | None = None, now: float = NOW) -> Proof:
    return check(header, method="POST", url=url, token=token, now=now)


def accept_vector(vector: dict[str, Any]) -> Proof:
    return check(vector["header"], **{name: vector[name] for name in ("method", "url", "token", "now")})


def refuse(header: str, **request: Any) -> str:
    with pytest.raises(InvalidProof) as refusal:
        accept(header, **request)
    return str(refusal.value)


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["accept"]], ids=lambda v: v["name"])
def test_a_good_proof_is_accepted_under_its_keys_name(vector: dict[str, Any]) -> None:
    proof = accept_vector(vector)
    claims = json.loads(urlsafe_b64decode(vector["header"].split(".")[1] + "=="))
    assert proof == Proof(thumbprint=vector["thumbprint"], jti=claims["jti"])


@pytest.mark.parametrize("vector", [v for v in VECTORS if not v["accept"]], ids=lambda v: v["name"])
def test_a_bad_proof_is_refused_in_words_of_our_own(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidProof) as refusal:
        accept_vector(vector)
    # Nothing that was sent gets into the log: the reason stands in the source, letter by letter.
    assert f'"{refusal.value}"' in Path(dpop.__file__).read_text()


def test_the_vectors_come_from_independent_implementations_too() -> None:
    makers = {v["name"].partition(",")[0] for v in VECTORS if v["accept"]}
    assert {"dpop (npm)", "jose (npm)", "joserfc", "RFC 9449", "WebCrypto by hand"} <= makers


@given(st.data())
def test_no_character_can_be_changed(data: st.DataObject) -> None:
    proof = KEY.proof("POST", URL, "token", NOW, jti="j" * 22)
    place = data.draw(st.integers(0, len(proof) - 1))
    other = data.draw(st.characters() | st.sampled_from("AQgw-_.=,+/ \n"))
    assume(other != proof[place])
    refuse(proof[:place] + other + proof[place + 1 :], token="token")


@given(st.data())
def test_no_character_can_be_added_or_left_out(data: st.DataObject) -> None:
    proof = KEY.proof("POST", URL, "token", NOW, jti="j" * 22)
    place = data.draw(st.integers(0, len(proof) - 1))
    more = data.draw(st.characters() | st.sampled_from("A-_.=,+/ \n"))
    refuse(proof[:place] + more + proof[place:], token="token")
    refuse(proof[:place] + proof[place + 1 :], token="token")


@given(st.data())
def test_no_bit_can_be_flipped_in_any_part(data: st.DataObject) -> None:
    parts = [
        urlsafe_b64decode(part + "==")
        for part in KEY.proof("POST", URL, "token", NOW, jti="j" * 22).split(".")
    ]
    part = data.draw(st.integers(0, 2))
    bit = data.draw(st.integers(0, 8 * len(parts[part]) - 1))
    flipped = bytearray(parts[part])
    flipped[bit // 8] ^= 1 << bit % 8
    parts[part] = bytes(flipped)
    refuse(".".join(b64(each) for each in parts), token="token")


@given(
    st.text()
    | st.text(alphabet="ABab01-_.=,", max_size=300)
    | st.builds(KEY.signed, st.binary(), st.binary())
    | st.builds(KEY.signed, st.just(KEY.jwk).map(lambda jwk: compact(_jose(jwk))), st.binary()),
    st.none() | st.text(),
    st.just(URL) | st.text(),
)
def test_any_text_at_all_is_refused_and_never_an_error(header: str, token: str | None, url: str) -> None:
    refuse(header, token=token, url=url)


def _jose(jwk: dict[str, Any]) -> dict[str, Any]:
    return {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}


@given(
    st.dictionaries(st.sampled_from(["typ", "alg", "jwk", "crit"]), json_values),
    st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "d", "kid", "key_ops"]), json_values),
    st.dictionaries(st.sampled_from(["jti", "htm", "htu", "iat", "ath", "exp", "nbf"]), json_values),
    st.none() | st.text(),
)
def test_correctly_signed_nonsense_is_never_an_error(
    header: dict[str, Any], jwk: dict[str, Any], claims: dict[str, Any], token: str | None
) -> None:
    good: dict[str, Any] = {"jti": "j" * 22, "htm": "POST", "htu": URL, "iat": NOW}
    jose = compact(_jose(KEY.jwk | jwk) | header)
    for payload in (good | claims, claims):
        try:
            proof = accept(KEY.signed(jose, compact(payload)), token=token)
        except InvalidProof:
            continue
        assert proof.thumbprint == KEY.thumbprint
        assert payload["iat"] - 10 <= NOW <= payload["iat"] + 60


def test_a_proof_of_100_kilobytes_is_refused_for_its_length() -> None:
    jwk = KEY.jwk | {"kid": "k" * 100_000}
    assert refuse(KEY.proof("POST", URL, now=NOW, header={"jwk": jwk})) == "too long"


def test_the_limit_of_length_is_exact_and_leaves_room_for_honest_proofs() -> None:
    def proof(name: str) -> str:
        return KEY.proof("POST", URL, now=NOW, jti="j" * 22, more=name)

    fitting = max((p for n in range(2000) if len(p := proof("m" * n)) <= dpop.MAX_CHARACTERS), key=len)
    assert len(fitting) in (dpop.MAX_CHARACTERS, dpop.MAX_CHARACTERS - 1)
    accept(fitting)
    name = "m" * (len(json.loads(urlsafe_b64decode(fitting.split(".")[1] + "=="))["more"]) + 1)
    assert refuse(proof(name)) == "too long"

    metadata = {"kid": KEY.thumbprint, "use": "sig", "alg": "ES256", "ext": True, "key_ops": ["verify"]}
    url = f"https://{'b' * 243}.test"
    header = {"jwk": KEY.jwk | metadata}
    longest = KEY.proof("POST", url, "token", NOW, header=header, jti="j" * 128)
    assert len(url) == 256
    assert len(longest) < 1_150
    accept(longest, url=url, token="token")


def test_a_key_has_one_spelling_also_where_x_plus_p_fits_into_32_bytes() -> None:
    # 5 is the x of a point on P-256. Nobody knows its private key, so the reason has to tell the rules apart.
    y = b64(_y_of(5).to_bytes(32, "big"))

    def reason(x: int) -> str:
        jwk = {"kty": "EC", "crv": "P-256", "x": b64(x.to_bytes(32, "big")), "y": y}
        return refuse(KEY.proof("POST", URL, now=NOW, header={"jwk": jwk}))

    assert reason(5) == "signature"
    assert reason(5 + P256_PRIME) == "jwk not on the curve"


def _y_of(x: int) -> int:
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    return pow(x**3 - 3 * x + b, (P256_PRIME + 1) // 4, P256_PRIME)


def test_both_valid_signatures_of_a_proof_count_as_the_same_proof() -> None:
    by_name = {vector["name"]: vector for vector in VECTORS}
    assert by_name["plain"]["header"] != by_name["signature with n - s"]["header"]
    assert accept_vector(by_name["plain"]) == accept_vector(by_name["signature with n - s"])


def test_a_proof_is_remembered_longer_than_it_is_accepted() -> None:
    proof = KEY.proof("POST", URL, now=NOW)
    first, last = NOW - 10.0, NOW + 60.0
    accept(proof, now=first)
    accept(proof, now=last)
    assert refuse(proof, now=first - 0.001) == refuse(proof, now=last + 0.001) == "iat"
    assert last - first < dpop.JTI_MEMORY_SECONDS == 80


def test_a_thumbprint_counts_the_key_and_nothing_beside_it() -> None:
    shuffled = dict(reversed((KEY.jwk | {"kid": "other", "use": "sig"}).items()))
    assert thumbprint(shuffled) == thumbprint(KEY.jwk) == KEY.thumbprint
    assert thumbprint(Key(2).jwk) != KEY.thumbprint


def test_a_proof_for_one_token_goes_with_no_other() -> None:
    proof = KEY.proof("POST", URL, "mine", NOW)
    accept(proof, token="mine")
    assert refuse(proof, token="yours") == "ath"
    assert refuse(proof, token="") == "ath"


def test_the_query_of_an_address_is_ignored() -> None:
    accept(KEY.proof("POST", f"{URL}?a=b", now=NOW), url=f"{URL}?c=d#e")


@pytest.mark.parametrize("url", ["", "/api/refresh", "https://us@books.example/api/refresh", "file:///etc"])
def test_an_address_that_cannot_be_ours_refuses_every_proof(url: str) -> None:
    refuse(KEY.proof("POST", url, now=NOW), url=url)


@given(st.lists(st.sampled_from(["a", "b", ".", "..", "...", "%2e", "%2E%2e", ".%61"]), min_size=1))
def test_dot_segments_are_resolved_as_in_the_standard_library(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    plain = path.replace("%2e", ".").replace("%2E", ".").replace("%61", "a")
    htu, url = f"https://books.example{path}", urljoin("https://books.example", plain)
    accept(KEY.proof("POST", htu, now=NOW), url=url)
    refuse(KEY.proof("POST", htu, now=NOW), url=url + "x")
    refuse(KEY.proof("POST", htu, now=NOW), url=url + "/")
