"""The control listener: look at a running ECS sandbox and change it.

What belongs here: the HTTP face of `Panel`'s verbs, as JSON. What does not: the API itself.
Every answer is JSON; a refused request is 400 with `{"error": ...}`, an unknown path 404.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sandbox.ecs.api import Api, Desk
from sandbox.ecs.config import Key
from sandbox.ecs.faults import KINDS, Faults, read_rule
from sandbox.ecs.instance import Instance
from sandbox.ecs.machine import by_instance
from sandbox.ecs.policy import read_policy
from sandbox.wire import Ask, Reply, json_reply, whole


@dataclass(frozen=True)
class Panel:
    """Everything the control listener may touch."""

    desk: Desk
    api: Api
    faults: Faults
    env: Mapping[str, str]
    facts: Mapping[str, Any]

    def handle(self, ask: Ask) -> Reply:
        """Answer one control request."""
        verb = _VERBS.get((ask.method, ask.path))
        if verb is None:
            known = [" ".join(key) for key in _VERBS]
            return json_reply({"error": f"no {ask.method} {ask.path}", "known": known}, status=404)
        self.desk.cloud.tick()
        self.desk.assistant.tick()
        try:
            body = orjson.loads(ask.body) if ask.body else {}
            if not isinstance(body, dict) and ask.path != "/faults":
                raise ValueError(f"{ask.method} {ask.path} takes a JSON object")
            return json_reply(verb(self, body))
        except ValueError as error:
            return json_reply({"error": str(error)}, status=400)

    def health(self, _body: Any) -> Any:
        """That it lives, and as what."""
        return {"status": "ok", "now": self.desk.cloud.now(), **self.facts}

    def show_env(self, _body: Any) -> Any:
        """The environment for clients."""
        return dict(self.env)

    def show_instances(self, _body: Any) -> Any:
        """Every instance, those that are gone last."""
        cloud = self.desk.cloud
        pids = by_instance(cloud.instances)
        return [self._truth(one, pids.get(one.id, [])) for one in (*cloud.instances.values(), *cloud.gone)]

    def show_invocations(self, _body: Any) -> Any:
        """Every command with the truth about each instance."""
        return [
            {
                "invoke_id": made.command.invoke_id,
                "name": made.command.name,
                "tasks": [
                    {
                        "instance": task.instance.id, "status": task.status, "shown": task.shown, "loss": task.loss,
                        "exit_code": task.exit_code, "error": task.error,
                        "output": task.output.decode(errors="replace"),
                    }
                    for task in made.tasks
                ],
            }
            for made in self.desk.assistant.invocations.values()
        ]  # fmt: skip

    def show_bills(self, _body: Any) -> Any:
        """What every instance cost so far."""
        return self.desk.cloud.bills()

    def show_prices(self, _body: Any) -> Any:
        """Prices and stock now."""
        cloud = self.desk.cloud
        return [
            {
                "zone": offer.zone, "type": offer.type, "spot": cloud.market(offer), "list": offer.price,
                "stock": cloud.stock[offer.zone, offer.type],
            }
            for offer in cloud.config.offers
        ]  # fmt: skip

    def set_prices(self, body: Any) -> Any:
        """Fix a spot price from now on."""
        zone, kind = self._sold(body)
        price = _amount(body, "price")
        if not price:
            raise ValueError("`price` must be above 0")
        for one_zone, one_kind in self._offers(zone, kind):
            self.desk.cloud.prices.set(one_zone, one_kind, price, self.desk.cloud.now())
        return self.show_prices(None)

    def set_stock(self, body: Any) -> Any:
        """Set what is left of a type in a zone; either may be left out for all."""
        zone, kind = self._sold(body)
        count = whole(body.get("count"))
        if count is None:
            raise ValueError(f"`count` must be a number of at least 0, got {body.get('count')!r}")
        for key in self._offers(zone, kind):
            self.desk.cloud.stock[key] = count
        return self.show_prices(None)

    def set_quota(self, body: Any) -> Any:
        """Set how many instances may exist at once, up to the sandbox's own limit."""
        count = whole(body.get("instances"))
        most = self.desk.cloud.config.max_instances
        if count is None or count > most:
            raise ValueError(f"`instances` must be a number from 0 to {most}, got {body.get('instances')!r}")
        self.desk.cloud.quota = count
        return {"instances": count}

    def set_limits(self, body: Any) -> Any:
        """Calls a minute by action, `*` for every other; null takes one away."""
        for action, limit in body.items():
            if limit is not None and whole(limit) is None:
                raise ValueError(f"limit of {action!r} must be a number of at least 0 or null, got {limit!r}")
        kept = self.api.limits | body
        self.api.limits = {action: limit for action, limit in kept.items() if limit is not None}
        return dict(self.api.limits)

    def reclaim(self, body: Any) -> Any:
        """Take instances back: `instance` or `count` (oldest first); `notice` (default true), `seconds` of it."""
        chosen = self._chosen(body)
        seconds = None if body.get("seconds") is None else _amount(body, "seconds")
        for one in chosen:
            self.desk.cloud.reclaim(one, notice=bool(body.get("notice", True)), seconds=seconds)
        return {"instances": [one.id for one in chosen]}

    def hang(self, body: Any) -> Any:
        """Freeze all an instance runs."""
        return {one.id: self.desk.cloud.hang(one) for one in self._chosen(body)}

    def resume(self, body: Any) -> Any:
        """Undo `hang`."""
        chosen = self._chosen(body)
        for one in chosen:
            self.desk.cloud.resume(one)
        return {"instances": [one.id for one in chosen]}

    def release(self, body: Any) -> Any:
        """Remove instances behind the client's back."""
        chosen = self._chosen(body)
        self.desk.cloud.release(chosen, "released by the control listener")
        return {"instances": [one.id for one in chosen]}

    def advance(self, body: Any) -> Any:
        """Move cloud time forward by `advance` seconds; signatures keep the wall's time."""
        cloud = self.desk.cloud
        cloud.ahead += _amount(body, "advance")
        cloud.tick()
        self.desk.assistant.tick()
        return {"now": cloud.now(), "ahead": cloud.ahead}

    def add_key(self, body: Any) -> Any:
        """Make a key known: `id`, `secret`, `policy` (default: everything), `token` and `expires` for one of STS."""
        if not isinstance(body.get("id"), str) or not isinstance(body.get("secret"), str):
            raise ValueError("a key needs `id` and `secret`")
        more = {"policy": read_policy(body["policy"])} if "policy" in body else {}
        key = Key(body["id"], body["secret"], token=body.get("token", ""), expires=body.get("expires", 0.0), **more)
        self.desk.keyring.add(key)
        return {"id": key.id}

    def remove_key(self, body: Any) -> Any:
        """Forget a key by `id`."""
        self.desk.keyring.remove(str(body.get("id")))
        return {"id": body.get("id")}

    def set_node_env(self, body: Any) -> Any:
        """Add variables to the environment of instances that boot from now on; null takes one away."""
        for name, value in body.items():
            if value is None:
                self.desk.cloud.node_env.pop(name, None)
            else:
                self.desk.cloud.node_env[name] = str(value)
        return dict(self.desk.cloud.node_env)

    def show_faults(self, _body: Any) -> Any:
        """The rules in force, and what kinds there are."""
        return {"rules": self.faults.listing(), "kinds": KINDS}

    def add_faults(self, body: Any) -> Any:
        """Put one rule or a list of rules in force; all or none."""
        rules = [read_rule(one) for one in (body if isinstance(body, list) else [body])]
        self.faults.add(rules)
        return {"added": len(rules)}

    def clear_faults(self, _body: Any) -> Any:
        """Forget every rule."""
        self.faults.clear()
        return {"rules": []}

    def show_stats(self, _body: Any) -> Any:
        """Calls by action, answers by code, parameters that had no effect, the last calls."""
        api = self.api
        return {
            "calls": dict(api.calls),
            "codes": dict(api.codes),
            "ignored": {action: sorted(names) for action, names in api.ignored.items()},
            "instances": len(self.desk.cloud.instances),
            "recent": list(api.recent)[-200:],
        }

    def reset(self, _body: Any) -> Any:
        """Release everything and put all as at the start, the time too; keys added and ordinals used stay."""
        self.desk.cloud.reset()
        self.desk.tokens.clear()
        self.desk.assistant.invocations.clear()
        self.faults.clear()
        self.api.limits.clear()
        self.api.calls.clear()
        self.api.codes.clear()
        self.api.recent.clear()
        return {"status": "ok"}

    def _truth(self, one: Instance, pids: list[int]) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "instance": one.id, "number": one.number, "address": one.address, "status": one.status,
            "zone": one.order.offer.zone, "type": one.order.offer.type, "tags": one.tags, "created": one.created,
            "running_since": one.running_since, "notice_at": one.notice_at, "terminate_at": one.terminate_at,
            "auto_release": one.auto_release, "hung_at": one.hung_at, "gone_at": one.gone_at, "gone_why": one.gone_why,
            "cost": self.desk.cloud.cost(one),
        }  # fmt: skip
        if one.machine is not None and one.gone_at is None:
            facts["folder"] = str(one.machine.folder)
            facts["pids"] = pids
        if one.boot is not None and one.gone_at is None:
            facts["boot"] = {
                "exit_code": one.boot.exit_code(),
                "output": one.boot.read(24 * 1024)[0].decode(errors="replace"),
            }
        return facts

    def _chosen(self, body: Any) -> list[Instance]:
        cloud, ids, count = self.desk.cloud, body.get("instances"), body.get("count")
        if "instance" in body:
            ids = [body["instance"]]
        if isinstance(ids, list):
            unknown = [one for one in ids if one not in cloud.instances]
            if unknown:
                raise ValueError(f"no instance {unknown[0]!r}")
            return [cloud.instances[one] for one in ids]
        if whole(count) is None:
            raise ValueError("give `instance`, `instances` or `count`")
        running = [one for one in cloud.instances.values() if one.status == "Running" and not one.recycling]
        return running[:count]

    def _sold(self, body: Any) -> tuple[str | None, str | None]:
        return body.get("zone"), body.get("type")

    def _offers(self, zone: str | None, kind: str | None) -> list[tuple[str, str]]:
        found = [key for key in self.desk.cloud.stock if zone in (None, key[0]) and kind in (None, key[1])]
        if not found:
            raise ValueError(f"nothing is sold as zone {zone!r}, type {kind!r}")
        return found


def _amount(body: Any, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"`{name}` must be a number of at least 0, got {value!r}")
    return float(value)


_VERBS: Final[dict[tuple[str, str], Callable[[Panel, Any], Any]]] = {
    ("GET", "/health"): Panel.health,
    ("GET", "/env"): Panel.show_env,
    ("GET", "/instances"): Panel.show_instances,
    ("GET", "/invocations"): Panel.show_invocations,
    ("GET", "/bills"): Panel.show_bills,
    ("GET", "/prices"): Panel.show_prices,
    ("POST", "/prices"): Panel.set_prices,
    ("POST", "/stock"): Panel.set_stock,
    ("POST", "/quota"): Panel.set_quota,
    ("POST", "/limits"): Panel.set_limits,
    ("POST", "/reclaim"): Panel.reclaim,
    ("POST", "/hang"): Panel.hang,
    ("POST", "/resume"): Panel.resume,
    ("POST", "/release"): Panel.release,
    ("POST", "/clock"): Panel.advance,
    ("POST", "/keys"): Panel.add_key,
    ("DELETE", "/keys"): Panel.remove_key,
    ("POST", "/node-env"): Panel.set_node_env,
    ("GET", "/faults"): Panel.show_faults,
    ("POST", "/faults"): Panel.add_faults,
    ("DELETE", "/faults"): Panel.clear_faults,
    ("GET", "/stats"): Panel.show_stats,
    ("POST", "/reset"): Panel.reset,
}
