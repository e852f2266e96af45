"""Write dpop.json: proofs to accept, the independently made ones among them, and proofs to refuse.

In a folder of its own: `npm i dpop jose`, copy make_dpop.mjs there, and
`node make_dpop.mjs | PYTHONPATH=backend python -m tests.sessions.vectors.make_dpop`.

A refused proof is wrong in one thing only and truly signed wherever that can be, so that nothing but the rule
it is about stands in its way."""

import json
import sys
from pathlib import Path

from tests.sessions.vectors.bad_claims import claims, targets, tokens
from tests.sessions.vectors.bad_envelopes import framings, json_texts, spellings
from tests.sessions.vectors.bad_keys import algorithms, headers, keys, signatures
from tests.sessions.vectors.good_proofs import joserfc_proofs, ours, rfc_examples


def main() -> None:
    groups = (framings, spellings, json_texts, headers, keys, signatures, algorithms, targets, claims, tokens)
    vectors = [*rfc_examples(), *json.load(sys.stdin), *joserfc_proofs(), *ours()]
    vectors += [vector for group in groups for vector in group()]
    names = [vector["name"] for vector in vectors]
    assert len(names) == len(set(names)), "two vectors with one name"
    Path(__file__).with_name("dpop.json").write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
