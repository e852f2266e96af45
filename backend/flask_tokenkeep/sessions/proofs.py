"""DPoP proofs as the server takes them (RFC 9449): checked, by the right key, and each only once."""

import hmac
import logging
from hashlib import sha256

from redis import Redis

from flask_tokenkeep.clients import Client
from flask_tokenkeep.clock import Clock
from flask_tokenkeep.errors import InvalidDpopProof
from flask_tokenkeep.sessions.dpop import JTI_MEMORY_SECONDS, InvalidProof, Proof, check

log = logging.getLogger("flask_tokenkeep")


class Proofs:
    """Takes the proofs that come with requests, each once."""

    def __init__(self, *, redis: Redis, public_url: str, clock: Clock) -> None:
        self._redis = redis
        self._public_url = public_url
        self._clock = clock

    def read(self, client: Client, token: str | None) -> Proof | None:
        """The proof that this client presents, checked but not spent; None if it presents none.

        `token` is the one that came with it, None at log-in. Raises InvalidDpopProof."""
        presented = client.proof
        if presented is None:
            return None
        # From PUBLIC_URL, never from Host or X-Forwarded-*: those are what an attacker in between can choose.
        url = self._public_url + presented.path
        try:
            return check(presented.jwt, method=presented.method, url=url, token=token, now=self._clock())
        except InvalidProof as refusal:
            log.info("DPoP proof refused: %s", refusal)
            raise InvalidDpopProof(token_was_presented=token is not None) from None

    def demand(self, client: Client, token: str, thumbprint: str) -> None:
        """Raises InvalidDpopProof unless the client proves, for the first time, to hold this very key."""
        proof = self.read(client, token)
        if proof is None or not hmac.compare_digest(proof.thumbprint, thumbprint):
            raise InvalidDpopProof(token_was_presented=True)
        self.spend(proof, token)

    def spend(self, proof: Proof, token: str | None) -> None:
        """Raises InvalidDpopProof if this proof was used before (RFC 9449 §11.1). Last of all checks: a proof
        that was refused for another reason takes no memory."""
        key = f"ta:j:{proof.thumbprint}:{sha256(proof.jti.encode()).hexdigest()}"
        if not self._redis.set(key, 1, nx=True, ex=JTI_MEMORY_SECONDS):
            log.info("DPoP proof refused: used before")
            raise InvalidDpopProof(token_was_presented=token is not None)
