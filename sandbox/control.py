"""The control listener: look at a running sandbox and change it.

What belongs here: the HTTP face of `Desk`'s verbs, as JSON. What does not: sockets and the platforms.
Every answer is JSON; a refused request is 400 with `{"error": ...}`, an unknown path 404.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Protocol

import orjson

from sandbox.faults import KINDS, Faults, read_rule
from sandbox.limits import Limits
from sandbox.market import PLATFORMS, Market
from sandbox.places import NATIONWIDE, city_name
from sandbox.state import State
from sandbox.tokens import TokenPool
from sandbox.wire import Ask, Reply, json_reply


class Paged(Protocol):
    """A service that pages, with the number of postings its paging reaches."""

    @property
    def window(self) -> int:
        """The reach of paging in postings."""


@dataclass(frozen=True)
class Desk:
    """Everything the control listener may touch."""

    market: Market
    state: State
    limits: Limits
    faults: Faults
    tokens: TokenPool
    services: Mapping[str, Paged]
    env: Mapping[str, str]
    facts: Mapping[str, Any]

    def handle(self, ask: Ask) -> Reply:
        """Answer one control request."""
        verb = _VERBS.get((ask.method, ask.path))
        if verb is None:
            known = [" ".join(key) for key in _VERBS]
            return json_reply({"error": f"no {ask.method} {ask.path}", "known": known}, status=404)
        try:
            body = orjson.loads(ask.body) if ask.body else None
            return json_reply(verb(self, ask, body))
        except ValueError as error:
            return json_reply({"error": str(error)}, status=400)

    def health(self, _ask: Ask, _body: Any) -> Any:
        """That it lives, and as what."""
        return {"status": "ok", "day": self.state.day.isoformat(), **self.facts}

    def show_env(self, _ask: Ask, _body: Any) -> Any:
        """The environment for clients."""
        return dict(self.env)

    def show_tokens(self, _ask: Ask, _body: Any) -> Any:
        """The Boss tokens that can be used now."""
        return self.tokens.valid()

    def show_day(self, _ask: Ask, _body: Any) -> Any:
        """The market's day."""
        return {"date": self.state.day.isoformat()}

    def set_day(self, _ask: Ask, body: Any) -> Any:
        """Move the market to another day; daily counts start again."""
        if not isinstance(body, dict) or not isinstance(body.get("date"), str):
            raise ValueError('POST /day needs {"date": "YYYY-MM-DD"}')
        self.state.day = date.fromisoformat(body["date"])
        self.limits.new_day(body["date"])
        return {"date": self.state.day.isoformat()}

    def show_faults(self, _ask: Ask, _body: Any) -> Any:
        """The rules in force, and what kinds there are."""
        return {"rules": self.faults.listing(), "kinds": KINDS}

    def add_faults(self, _ask: Ask, body: Any) -> Any:
        """Put one rule or a list of rules in force; all or none."""
        rules = [read_rule(one) for one in (body if isinstance(body, list) else [body])]
        self.faults.add(rules)
        return {"added": len(rules)}

    def clear_faults(self, _ask: Ask, _body: Any) -> Any:
        """Forget every rule."""
        self.faults.clear()
        return {"rules": []}

    def show_limits(self, _ask: Ask, _body: Any) -> Any:
        """The limits in force."""
        return asdict(self.limits.settings)

    def set_limits(self, _ask: Ask, body: Any) -> Any:
        """Change some limits; null takes one away."""
        if not isinstance(body, dict):
            raise ValueError("POST /limits needs an object")
        self.limits.settings = self.limits.settings.changed(body)
        return asdict(self.limits.settings)

    def show_stats(self, _ask: Ask, _body: Any) -> Any:
        """What was asked and answered so far."""
        bans = {"imposed": self.limits.bans, "in_force": self.limits.banned()}
        return {**self.state.stats.report(), "bans": bans, "day": self.state.day.isoformat()}

    def show_truth(self, ask: Ask, _body: Any) -> Any:
        """What a platform lists for a search: all ids in order, and how many of them paging reaches."""
        query = ask.query
        platform = query.get("platform", "")
        if platform not in PLATFORMS:
            raise ValueError(f"platform {platform!r} is not one of {', '.join(PLATFORMS)}")
        if "keyword" not in query:
            raise ValueError("/truth needs a keyword")
        wanted = query.get("city") or NATIONWIDE
        city = city_name(platform, wanted) or wanted
        day = date.fromisoformat(query["day"]) if query.get("day") else self.state.day
        found = self.market.search(platform, query["keyword"], city, day)
        reach = self.services[platform].window
        answer: dict[str, Any] = {
            "platform": platform,
            "keyword": query["keyword"],
            "city": city,
            "day": day.isoformat(),
            "total": len(found),
            "ids": [posting.job_id for posting in found[:reach]],
            "out_of_reach": [posting.job_id for posting in found[reach:]],
        }
        if query.get("full"):
            answer["postings"] = [asdict(self.market.truth(posting, day)) for posting in found]
        return answer

    def show_companies(self, ask: Ask, _body: Any) -> Any:
        """The companies of the market with every name and id they have; `from` and `count` page."""
        start, count = ask.number("from", 0), ask.number("count", 1_000)
        if start is None or count is None:
            raise ValueError("`from` and `count` must be numbers of at least 0")
        book = self.market.companies
        chosen = [book[number] for number in range(start, min(start + count, len(book)))]
        companies = [
            {
                "company_id": one.company_id,
                "legal_name": one.legal_name,
                "former_name": one.former_name,
                "uscc": one.uscc,
                "boss_id": one.boss_id,
                "qcwy_id": one.qcwy_enc_id,
                "zhilian_id": one.zhilian_number,
                "listed": one.listed,
            }
            for one in chosen
        ]
        return {"total": len(book), "companies": companies}

    def reset(self, _ask: Ask, _body: Any) -> Any:
        """Bans, tokens and counters as at the start; faults, limits and the day stay."""
        self.limits.reset()
        self.tokens.reset()
        self.state.stats.reset()
        return {"status": "ok"}


_VERBS: Final[dict[tuple[str, str], Callable[[Desk, Ask, Any], Any]]] = {
    ("GET", "/health"): Desk.health,
    ("GET", "/env"): Desk.show_env,
    ("GET", "/tokens"): Desk.show_tokens,
    ("GET", "/day"): Desk.show_day,
    ("POST", "/day"): Desk.set_day,
    ("GET", "/faults"): Desk.show_faults,
    ("POST", "/faults"): Desk.add_faults,
    ("DELETE", "/faults"): Desk.clear_faults,
    ("GET", "/limits"): Desk.show_limits,
    ("POST", "/limits"): Desk.set_limits,
    ("GET", "/stats"): Desk.show_stats,
    ("GET", "/truth"): Desk.show_truth,
    ("GET", "/companies"): Desk.show_companies,
    ("POST", "/reset"): Desk.reset,
}
