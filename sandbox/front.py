"""The front of a platform: every request passes here between the socket and the service.

What belongs here: the order - count, faults, limits, service, falsification - and carrying faults out. What does
not: sockets. `handle` is a plain function of the request, so all of it is tested without a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import orjson

from sandbox.faults import Faults, Rule
from sandbox.limits import Limits, Refusal
from sandbox.state import State
from sandbox.tokens import TokenPool
from sandbox.wire import JSON, Ask, Call, Reply, Service, Twist, html_reply, json_reply, whole


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer and how it is to be sent: after a delay, cut after `cut` bytes, or not at all."""

    reply: Reply
    call: Call
    delay: float = 0.0
    drop: bool = False
    cut: int | None = None


class Front:
    """One platform with its faults and limits."""

    def __init__(self, service: Service, limits: Limits, faults: Faults, tokens: TokenPool, state: State) -> None:
        self.service = service
        self._limits = limits
        self._faults = faults
        self._tokens = tokens
        self._state = state

    def handle(self, ask: Ask) -> Delivery:
        """Decide on one request."""
        call = self.service.read(ask)
        self._state.stats.arrived(call)
        rules = {rule.kind: rule for rule in self._faults.take(call)}
        for kind in rules:
            self._state.stats.faults[kind] += 1
        self._before(rules, call)
        reply = self._replaced(rules) or self._decide(ask, call, rules)
        return self._falsified(rules, reply, call)

    def finished(self, delivery: Delivery) -> None:
        """The answer has left, or the connection is gone."""
        size = 0 if delivery.drop else len(delivery.reply.body)
        self._state.stats.answered(delivery.call, delivery.reply.outcome, size)

    def _before(self, rules: dict[str, Rule], call: Call) -> None:
        if rule := rules.get("ban_ip"):
            seconds = rule.params.get("seconds")
            self._limits.ban(call.platform, call.egress, None if seconds is None else float(seconds))
        if "expire_token" in rules:
            self._tokens.expire(call.token)

    @staticmethod
    def _replaced(rules: dict[str, Rule]) -> Reply | None:
        """The answer of an edge that never asks the platform."""
        if rule := rules.get("status"):
            status = whole(rule.params.get("status")) or 503
            return html_reply(f"<html><body><h1>{status}</h1></body></html>", status=status, outcome=f"http_{status}")
        if rule := rules.get("throttle"):
            return _too_many(float(rule.params.get("retry_after", 1)))
        if "html" in rules:
            return html_reply("<!DOCTYPE html><html><body>系统维护中</body></html>", outcome="html")
        return None

    def _decide(self, ask: Ask, call: Call, rules: dict[str, Rule]) -> Reply:
        verdict = self._limits.admit(call)
        if verdict.refusal is Refusal.BANNED:
            return self.service.refuse_ban()
        if verdict.refusal is Refusal.THROTTLED:
            return _too_many(verdict.retry_after)
        if verdict.refusal is not None:
            return self.service.refuse_token(verdict.refusal is Refusal.LOGIN_FLAGGED)
        code, inner = rules.get("code"), rules.get("inner_code")
        twist = Twist(
            page_back="duplicate_page" in rules,
            soft_block="soft_block" in rules,
            challenge="challenge" in rules,
            code=str(code.params.get("code", 1)) if code else "",
            inner_code=(whole(inner.params.get("code")) or 37) if inner else 0,
        )
        return self.service.answer(ask, call, twist)

    def _falsified(self, rules: dict[str, Rule], reply: Reply, call: Call) -> Delivery:
        if (rule := rules.get("schema_change")) and reply.outcome == "ok" and reply.content_type == JSON:
            rename = rule.params.get("rename") or self.service.schema_change
            body = _changed(orjson.loads(reply.body), rename, set(rule.params.get("remove", ())))
            reply = replace(reply, body=orjson.dumps(body), outcome="schema_changed")
        delay, cut = 0.0, None
        if rule := rules.get("latency"):
            delay = float(rule.params.get("seconds", 0.5))
        if rule := rules.get("truncate"):
            size = int(len(reply.body) * float(rule.params.get("fraction", 0.5)))
            if rule.params.get("how", "length") == "close":
                cut = size
            else:
                reply = replace(reply, body=reply.body[:size])
            reply = replace(reply, outcome="truncated")
        if "drop" in rules:
            reply = replace(reply, outcome="dropped")
        return Delivery(reply, call, delay, "drop" in rules, cut)


def _too_many(seconds: float) -> Reply:
    wait = max(0, ceil(seconds))
    value = {"code": 429, "message": "Too Many Requests"}
    return json_reply(value, status=429, outcome="throttled", headers={"Retry-After": str(wait)})


def _changed(value: Any, rename: Mapping[str, str], remove: set[str]) -> Any:
    """The JSON value with keys renamed and removed at every depth."""
    if isinstance(value, dict):
        return {rename.get(k, k): _changed(v, rename, remove) for k, v in value.items() if k not in remove}
    if isinstance(value, list):
        return [_changed(item, rename, remove) for item in value]
    return value
