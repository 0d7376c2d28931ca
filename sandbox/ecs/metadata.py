"""The metadata of instances, at a listener of the sandbox under the instance's id.

What belongs here: `/<instance id>/latest/…`, shaped like the real one's `/latest/…`. What does not: the API.
The real one knows an instance by its network; a local process has no network of its own, hence the id in the path.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import orjson

from sandbox.ecs.api import Desk
from sandbox.ecs.config import Key
from sandbox.ecs.instance import Instance, mac
from sandbox.ecs.policy import read_policy
from sandbox.ecs.wire import stamp
from sandbox.wire import Ask, Clock, Reply

IMDS_HEADER: Final = "X-aliyun-ecs-metadata-token"
TTL_HEADER: Final = "X-aliyun-ecs-metadata-token-ttl-seconds"
ROLE_SECONDS: Final = 6 * 3600.0
_TEXT: Final = "text/plain; charset=utf-8"


class Metadata:
    """Answers instances about themselves. Credentials of a role last six hours and are renewed near their end."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._issued: dict[str, Key] = {}
        self._tokens: dict[str, float] = {}

    def handle(self, ask: Ask) -> Reply:
        """Answer one request."""
        cloud = self._desk.cloud
        cloud.tick()
        instance_id, _, path = ask.path.lstrip("/").partition("/")
        one = cloud.instances.get(instance_id)
        if one is None or not path.startswith("latest"):
            return _text("", 404)
        path = path.removeprefix("latest").strip("/")
        if path == "api/token":
            return self._token(ask, one)
        if ask.method != "GET":
            return _text("", 405)
        given = ask.headers.get(IMDS_HEADER, "")
        if (given or one.order.http_tokens == "required") and self._tokens.get(f"{one.id} {given}", 0) < self._clock():
            return _text("", 403)
        return self._answer(path, one)

    def _token(self, ask: Ask, one: Instance) -> Reply:
        ttl = ask.headers.get(TTL_HEADER, "")
        if ask.method != "PUT" or not ttl.isdigit() or not 1 <= int(ttl) <= 21_600:
            return _text("", 400)
        token = hmac.new(one.id.encode(), f"{self._clock()} {ttl}".encode(), hashlib.sha256).hexdigest()
        self._tokens[f"{one.id} {token}"] = self._clock() + int(ttl)
        return _text(token)

    def _answer(self, path: str, one: Instance) -> Reply:
        if path == "user-data":
            return Reply(one.order.user_data, 200 if one.order.user_data else 404, _TEXT)
        if path.startswith("meta-data/ram/security-credentials"):
            return self._role(path.removeprefix("meta-data/ram/security-credentials").strip("/"), one)
        ends = one.terminate_at
        values = {
            "meta-data": "instance-id\ninstance/\nram/\nregion-id\nzone-id\n",
            "meta-data/instance-id": one.id,
            "meta-data/instance/instance-type": one.order.offer.type,
            "meta-data/instance/instance-name": one.order.name or one.id,
            "meta-data/instance/spot/termination-time": None if ends is None else stamp(ends),
            "meta-data/region-id": one.region,
            "meta-data/zone-id": one.order.offer.zone,
            "meta-data/image-id": one.order.image,
            "meta-data/private-ipv4": one.private_address,
            "meta-data/eipv4": None,
            "meta-data/public-ipv4": one.address if one.order.bandwidth else None,
            "meta-data/mac": mac(one.number),
            "meta-data/vswitch-id": one.order.vswitch,
            "meta-data/owner-account-id": self._desk.cloud.config.account,
        }
        value = values.get(path)
        return _text("", 404) if value is None else _text(value)

    def _role(self, name: str, one: Instance) -> Reply:
        role = one.order.role
        if not role or name not in ("", role):
            return _text("", 404)
        if not name:
            return _text(role)
        key = self._issued.get(one.id)
        if key is None or key.expires - self._clock() < 1800:
            key = self._issue(one, role)
        answer = {
            "AccessKeyId": key.id,
            "AccessKeySecret": key.secret,
            "SecurityToken": key.token,
            "Expiration": stamp(key.expires),
            "LastUpdated": stamp(key.expires - ROLE_SECONDS),
            "Code": "Success",
        }
        return Reply(orjson.dumps(answer))

    def _issue(self, one: Instance, role: str) -> Key:
        cloud, expires = self._desk.cloud, self._clock() + ROLE_SECONDS
        part = hmac.new(cloud.mark.encode(), f"{one.id} {expires}".encode(), hashlib.sha256).hexdigest()
        policy = read_policy(cloud.config.roles[role])
        key = Key(f"STS.{part[:20]}", part[20:60], policy, f"CAIS{part}", expires)
        self._desk.keyring.add(key)
        self._issued[one.id] = key
        return key


def _text(text: str, status: int = 200) -> Reply:
    return Reply(text.encode(), status, _TEXT)
