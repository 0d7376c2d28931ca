"""Who calls: the signature ACS3-HMAC-SHA256, its time window, the nonce, and keys of STS.

What belongs here: checking a request against the keys known. What does not: what a key may do, see `policy`.
The canonical form is made anew from the wire: method, path, sorted query in RFC 3986 quoting, the signed headers.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, quote

from sandbox.ecs.config import Key
from sandbox.ecs.wire import ApiError, moment
from sandbox.wire import Ask, Clock

ALGORITHM: Final = "ACS3-HMAC-SHA256"
WINDOW_SECONDS: Final = 900.0
_FORM: Final = re.compile(r"^(\S+) Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]+)$")
_ALWAYS_SIGNED: Final = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-version")


class Keyring:
    """The keys known and the nonces seen; time is the wall's, in seconds."""

    def __init__(self, keys: Iterable[Key], clock: Clock) -> None:
        self._clock = clock
        self._keys = {key.id: key for key in keys}
        self._nonces: dict[str, float] = {}

    def add(self, key: Key) -> None:
        """Make a key known, or replace it."""
        self._keys[key.id] = key

    def remove(self, key_id: str) -> None:
        """Forget a key."""
        self._keys.pop(key_id, None)

    def check(self, ask: Ask) -> Key:
        """The key that signed the request; raises `ApiError` as the real one answers."""
        header = _FORM.match(ask.headers.get("Authorization", ""))
        if header is None:
            raise ApiError(400, "MissingAuthorization", "The Authorization header is missing or malformed.")
        algorithm, key_id, signed, signature = header.groups()
        if algorithm != ALGORITHM:
            raise ApiError(400, "InvalidSignatureMethod", "Specified signature method is not valid.")
        self._check_time(ask.headers.get("x-acs-date", ""))
        key = self._find(key_id, ask.headers.get("x-acs-security-token", ""))
        expected = _signature(ask, key.secret, signed.split(";"))
        if not hmac.compare_digest(expected, signature):
            raise ApiError(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
        self._check_nonce(key_id, ask.headers.get("x-acs-signature-nonce", ""))
        return key

    def _check_time(self, date: str) -> None:
        try:
            sent = moment("TimeStamp", date)
        except ApiError:
            raise ApiError(
                400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."
            ) from None
        if abs(self._clock() - sent) > WINDOW_SECONDS:
            raise ApiError(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")

    def _find(self, key_id: str, token: str) -> Key:
        key = self._keys.get(key_id)
        if key is None or (key.token and not token):
            raise ApiError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        if key.token != token:
            raise ApiError(
                400,
                "InvalidSecurityToken.MismatchWithAccessKey",
                "Specified SecurityToken mismatch with the AccessKey.",
            )
        if key.expires and self._clock() >= key.expires:
            raise ApiError(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
        return key

    def _check_nonce(self, key_id: str, nonce: str) -> None:
        now = self._clock()
        if not nonce:
            raise ApiError(400, "MissingSignatureNonce", "SignatureNonce is mandatory for this action.")
        while self._nonces and now - next(iter(self._nonces.values())) > WINDOW_SECONDS:
            del self._nonces[next(iter(self._nonces))]
        name = f"{key_id} {nonce}"
        if name in self._nonces:
            raise ApiError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[name] = now


def _signature(ask: Ask, secret: str, signed: list[str]) -> str:
    body_hash = hashlib.sha256(ask.body).hexdigest()
    if ask.headers.get("x-acs-content-sha256", "") != body_hash or not set(_ALWAYS_SIGNED) <= set(signed):
        return ""
    query = sorted(parse_qsl(ask.target.partition("?")[2], keep_blank_values=True))
    pairs = [f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in query]
    headers = "".join(f"{name}:{ask.headers.get(name, '').strip()}\n" for name in signed)
    canonical = "\n".join([ask.method, ask.path or "/", "&".join(pairs), headers, ";".join(signed), body_hash])
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
