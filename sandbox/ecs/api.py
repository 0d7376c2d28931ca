"""The API's doors: one call in, one answer out.

What belongs here: who may call what, faults on calls, and how refusals look. What does not: the actions themselves.
"""

from __future__ import annotations

import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from sandbox.ecs.cloud import Cloud
from sandbox.ecs.commands import Assistant
from sandbox.ecs.config import Key
from sandbox.ecs.faults import CALL_KINDS, Faults, Subject, error_of
from sandbox.ecs.instance import Instance
from sandbox.ecs.policy import Deed, refusal
from sandbox.ecs.sign import Keyring
from sandbox.ecs.wire import ApiError, Params, missing
from sandbox.wire import Ask, Reply

VERSION: Final = "2014-05-26"


@dataclass
class Desk:
    """What actions work on."""

    cloud: Cloud
    assistant: Assistant
    keyring: Keyring
    tokens: dict[str, tuple[dict[str, str], dict[str, Any] | ApiError]] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call whose signature is right."""

    desk: Desk
    action: str
    params: Params
    key: Key

    @property
    def cloud(self) -> Cloud:
        """The cloud called."""
        return self.desk.cloud

    def name(self, kind: str, which: str) -> str:
        """A resource's name as policies write it."""
        settings = self.cloud.config
        return f"acs:ecs:{settings.region}:{settings.account}:{kind}/{which}"

    def permit(self, *deeds: Deed) -> None:
        """Raise Forbidden.RAM unless the caller's policy allows all of it."""
        for deed in deeds:
            why = refusal(self.key.policy, deed)
            if why:
                raise ApiError(
                    403,
                    "Forbidden.RAM",
                    "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
                    detail={
                        "AuthAction": deed.action,
                        "AuthPrincipalDisplayName": self.key.id,
                        "AuthPrincipalOwnerId": self.cloud.config.account,
                        "AuthPrincipalType": "AssumedRoleUser" if self.key.token else "SubUser",
                        "NoPermissionType": why,
                        "PolicyType": "AccountLevelIdentityBasedPolicy",
                    },
                )

    def permit_list(self, kind: str = "instance") -> None:
        """Permission to list; a condition on tags is held against the tags that are filtered by."""
        facts = {f"acs:ResourceTag/{name}": value for name, value in self.params.tags().items()}
        self.permit(Deed(f"ecs:{self.action}", self.name(kind, "*"), facts))

    def permit_on(self, instances: Iterable[Instance], more: dict[str, str] | None = None) -> None:
        """Permission for this action on every one of the instances."""
        for one in instances:
            self.permit(Deed(f"ecs:{self.action}", self.name("instance", one.id), one.facts() | (more or {})))

    def region(self, *, mandatory: bool = True) -> None:
        """Check RegionId."""
        region = self.params.need("RegionId") if mandatory else self.params.get("RegionId")
        if region and region != self.cloud.config.region:
            raise ApiError(404, "InvalidRegionId.NotFound", "The specified RegionId does not exist.")

    def instances(
        self, ids: list[str], *, parameter: str = "InstanceId", code: str = "InvalidInstanceId.NotFound"
    ) -> list[Instance]:
        """The instances of a list of ids, all of them; raises when one is unknown or the list is empty or too long."""
        if not ids:
            raise missing(parameter)
        if len(ids) > 100:
            raise ApiError(400, f"InvalidParameter.{parameter}", "At most 100 instances can be given.")
        found = [self.cloud.instances[one] for one in dict.fromkeys(ids) if one in self.cloud.instances]
        if len(found) != len(set(ids)):
            raise ApiError(404, code, "The specified InstanceId does not exist.")
        return found


Action = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True)
class Delivery:
    """An answer and how to deliver it."""

    reply: Reply
    delay: float = 0.0
    drop: bool = False


class Api:
    """Checks, carries out and answers calls."""

    def __init__(self, desk: Desk, faults: Faults, actions: dict[str, Action], host: str) -> None:
        self.desk, self.faults, self.actions, self.host = desk, faults, actions, host
        self.calls: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.ignored: dict[str, set[str]] = {}
        self.limits: dict[str, int] = {}
        self._minute: tuple[int, Counter[str]] = (0, Counter())
        self.recent: deque[dict[str, Any]] = deque(maxlen=2_000)

    def handle(self, ask: Ask) -> Delivery:
        """Answer one request."""
        request_id = str(uuid.uuid4()).upper()
        action = ask.headers.get("x-acs-action", "")
        self.calls[action] += 1
        hits: dict[str, dict[str, Any]] = {}
        try:
            key = self.desk.keyring.check(ask)
            params = self._params(ask, action)
            hits = self._faults(action, params, key)
            self._throttle(action)
            if early := self._early(hits):
                return self._note(action, "DROPPED" if early.drop else "HTML", early)
            body = self._carry_out(Call(self.desk, action, params, key))
            reply = Reply(orjson.dumps({"RequestId": request_id, **body}))
            code = "OK"
        except ApiError as error:
            headers = {} if error.retry_after is None else {"x-acs-retry-after": str(error.retry_after)}
            reply = Reply(orjson.dumps(error.body(request_id, self.host)), error.status, headers=headers)
            code = error.code
        delay = hits["latency"].get("seconds", 0.5) if "latency" in hits else 0.0
        return self._note(action, code, Delivery(reply, delay, drop="drop" in hits))

    def _params(self, ask: Ask, action: str) -> Params:
        if ask.method != "POST" and ask.method != "GET":
            raise ApiError(403, "UnsupportedHTTPMethod", "This http method is not supported.")
        if ask.headers.get("x-acs-version") != VERSION:
            raise ApiError(404, "InvalidVersion", "Specified parameter Version is not valid.")
        if action not in self.actions:
            raise ApiError(404, "InvalidApi.NotFound", "Specified api is not found, please check your url and method.")
        values = dict(parse_qsl(ask.target.partition("?")[2], keep_blank_values=True))
        if ask.body and ask.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            values |= dict(parse_qsl(ask.body.decode(errors="replace"), keep_blank_values=True))
        return Params(values)

    def _faults(self, action: str, params: Params, key: Key) -> dict[str, dict[str, Any]]:
        zone = params.values.get("ZoneId") or self.desk.cloud.config.vswitches.get(
            params.values.get("VSwitchId", ""), ""
        )
        subject = Subject("call", action, self.calls[action], zone, params.values.get("InstanceType", ""), key.id)
        return self.faults.take(subject)

    def _throttle(self, action: str) -> None:
        """Refuse what passes the action's limit within a minute of cloud time; what is refused counts too."""
        minute = int(self.desk.cloud.now() // 60)
        if self._minute[0] != minute:
            self._minute = (minute, Counter())
        self._minute[1][action] += 1
        limit = self.limits.get(action, self.limits.get("*"))
        if limit is not None and self._minute[1][action] > limit:
            raise error_of("throttle")

    def _early(self, hits: dict[str, dict[str, Any]]) -> Delivery | None:
        if "drop" in hits and hits["drop"].get("how") == "before":
            return Delivery(Reply(b""), drop=True)
        if "html" in hits:
            page = b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
            return Delivery(Reply(page, 502, "text/html; charset=utf-8"))
        for kind in CALL_KINDS:
            if kind in hits and kind not in ("drop", "latency"):
                raise error_of(kind, hits[kind])
        return None

    def _carry_out(self, call: Call) -> dict[str, Any]:
        call.cloud.tick()
        self.desk.assistant.tick()
        body = self.actions[call.action](call)
        unread = {name for name in call.params.values if name not in call.params.read and ".Key" not in name}
        if unread:
            self.ignored.setdefault(call.action, set()).update(unread)
        return body

    def _note(self, action: str, code: str, delivery: Delivery) -> Delivery:
        self.codes[code] += 1
        self.recent.append({"at": self.desk.cloud.now(), "action": action, "code": code})
        return delivery
