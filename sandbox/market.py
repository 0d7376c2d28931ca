"""The market: openings that appear, change and close, and the postings the platforms show for them.

What belongs here: which openings exist on a day, where they are posted, under which keywords they are found and
in which order. What does not: the JSON of a posting (`boss_items` and its siblings) and any limit on paging.

An opening is one of a keyword's slots at a time: a slot is filled for `life` of every `period` days, then by the
next opening. So any day, past or future, is known at once and without history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from sandbox.company import Company, CompanyBook
from sandbox.dice import Dice, draw, fraction
from sandbox.places import CITIES, CITY_BY_NAME, NATIONWIDE, City
from sandbox.roles import KNOWN_ROLES, normal, role_of
from sandbox.salary import Pay, Published, make_pay, publish

PLATFORMS: Final = ("boss", "qcwy", "zhilian")
_KNOWN_SLOTS: Final = (122, 152)
_UNKNOWN_SLOTS: Final = 40
_EMPTY_KEYWORDS: Final = 0.12
_ID_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """A vacancy as the employer knows it. Days are proleptic ordinals; `closes` is the first day it is gone."""

    opening_id: str
    role: str
    company: Company
    city: City
    district: tuple[str, str]
    title: str
    experience: int
    degree: int
    skills: tuple[str, ...]
    intern: bool
    pay: Pay
    opens: int
    closes: int
    raised_on: int
    raise_step: int
    edited_on: int
    platforms: tuple[str, ...]

    def pay_on(self, day: int) -> Pay:
        """The pay on a day: raised once in the life of some openings."""
        return self.pay.raised(self.raise_step) if self.raised_on and day >= self.raised_on else self.pay

    def edited(self, day: int) -> bool:
        """True from the day on which the description was rewritten."""
        return bool(self.edited_on) and day >= self.edited_on


@dataclass(frozen=True, slots=True, eq=False)
class Posting:
    """An opening on one platform. A reposted opening has a new id, `generation` 1, and the old one is closed."""

    platform: str
    job_id: str
    opening: Opening
    generation: int
    posted: int
    closes: int


@dataclass(frozen=True, slots=True)
class Truth:
    """What a reader of one posting should find out, for tests."""

    platform: str
    job_id: str
    opening_id: str
    company_id: str
    legal_name: str
    city: str
    salary_text: str | None
    salary_unit: str
    months: int
    low: float | None
    high: float | None
    monthly_min: float | None
    monthly_max: float | None


class Market:
    """A deterministic market: equal seeds answer every question alike. Not thread-safe."""

    def __init__(self, seed: int = 7, *, companies: int = 3000, volume: float = 1.0) -> None:
        self.seed = seed
        self.volume = volume
        self.companies = CompanyBook(seed, companies)
        self._city_weights = [(city, city.weight) for city in CITIES]
        self._opening = lru_cache(maxsize=60_000)(self._make_opening)
        self._posting = lru_cache(maxsize=120_000)(self._make_posting)
        self._found = lru_cache(maxsize=4_000)(self._search)
        self._seen: dict[str, dict[str, Posting]] = {platform: {} for platform in PLATFORMS}

    def search(self, platform: str, keyword: str, city: str, day: date) -> tuple[Posting, ...]:
        """All postings a platform has for a keyword and city name on a day, best match first."""
        return self._found(platform, normal(keyword), city, day.toordinal())

    def snapshot(self, day: date) -> dict[str, list[Posting]]:
        """All open postings of the well-known keywords on a day, by platform, each once."""
        result: dict[str, list[Posting]] = {}
        for platform in PLATFORMS:
            found = {p.job_id: p for key in KNOWN_ROLES for p in self.search(platform, key, NATIONWIDE, day)}
            result[platform] = [found[job_id] for job_id in sorted(found)]
        return result

    def posting(self, platform: str, job_id: str, day: date) -> Posting | None:
        """The posting behind an id: one that was listed before, or one of today's well-known keywords."""
        seen = self._seen[platform]
        if job_id not in seen:
            for key in KNOWN_ROLES:
                self.search(platform, key, NATIONWIDE, day)
        return seen.get(job_id)

    def published(self, posting: Posting, day: int) -> Published:
        """The salary string of a posting on a day, with its true reading."""
        pay = posting.opening.pay_on(day)
        return publish(posting.platform, pay, Dice(self.seed, "salary", posting.job_id))

    def truth(self, posting: Posting, day: date) -> Truth:
        """The ground truth of a posting on a day."""
        paid, opening = self.published(posting, day.toordinal()), posting.opening
        return Truth(
            platform=posting.platform,
            job_id=posting.job_id,
            opening_id=opening.opening_id,
            company_id=opening.company.company_id,
            legal_name=opening.company.legal_name,
            city=opening.city.name,
            salary_text=paid.text,
            salary_unit=paid.unit,
            months=paid.months,
            low=paid.low,
            high=paid.high,
            monthly_min=paid.monthly_min,
            monthly_max=paid.monthly_max,
        )

    def slots(self, key: str) -> int:
        """How many openings a normalised keyword has at most at a time, those of other families not counted."""
        if not key:
            return 0
        if key in KNOWN_ROLES:
            low, high = _KNOWN_SLOTS
            return round((low + draw(self.seed, "slots", key) % (high - low)) * self.volume)
        if fraction(self.seed, "empty", key) < _EMPTY_KEYWORDS:
            return 0
        return draw(self.seed, "slots", key) % (_UNKNOWN_SLOTS + 1)

    def _openings(self, key: str, day: int) -> Iterator[Opening]:
        """The openings that belong to a keyword's own family and are open on a day."""
        for slot in range(self.slots(key)):
            mark = draw(self.seed, "slot", key, slot)
            period = 18 + mark % 75
            turn, age = divmod(day + (mark >> 20) % period, period)
            life = period - 1 - (mark >> 40) % max(2, period // 6)
            if age < life:
                yield self._opening(key, slot, turn, day - age, day - age + life)

    def _make_opening(self, key: str, slot: int, turn: int, opens: int, closes: int) -> Opening:
        dice = Dice(self.seed, "opening", key, slot, turn)
        role = role_of(key)
        company = self.companies[int(self.companies.count * dice.unit() ** 1.6)]
        at_home = dice.chance(0.6)
        city = company.city if at_home else dice.weighted(self._city_weights)
        experience = dice.weighted(tuple(enumerate((12.0, 9.0, 5.0, 28.0, 28.0, 15.0, 3.0))))
        intern = experience == 1 and dice.chance(0.45)
        title = dice.pick(role.titles)
        decoration = dice.weighted(
            (
                ("", 78.0),
                (f"（{city.name}）", 8.0),
                (f"-{dice.pick(('急招', '双休', '五险一金'))}", 8.0),
                (f"(J{dice.digits(5)})", 6.0),
            )
        )
        here = tuple(p for p in PLATFORMS if dice.chance(0.74)) or (dice.pick(PLATFORMS),)
        life = closes - opens
        return Opening(
            opening_id=f"O{draw(self.seed, 'opening-id', key, slot, turn):016x}",
            role=key,
            company=company,
            city=city,
            district=dice.pick(city.districts),
            title=f"{title}实习生" if intern else title + decoration,
            experience=experience,
            degree=dice.weighted(tuple(enumerate((14.0, 24.0, 50.0, 8.0, 1.0, 2.0, 1.0)))),
            skills=tuple(dice.sample(role.skills, dice.between(3, 5))),
            intern=intern,
            pay=make_pay(dice, experience, role.factor, intern),
            opens=opens,
            closes=closes,
            raised_on=opens + dice.between(3, life) if dice.chance(0.35) and life > 3 else 0,
            raise_step=dice.pick((80, 120, 200)),
            edited_on=opens + dice.between(2, life) if dice.chance(0.3) and life > 2 else 0,
            platforms=here,
        )

    def _make_posting(self, platform: str, opening: Opening, generation: int, posted: int, closes: int) -> Posting:
        dice = Dice(self.seed, "posting", platform, opening.opening_id, generation)
        if platform == "boss":
            head, tail = f"{dice.roll():016x}0{dice.below(10)}3", dice.text(_ID_ALPHABET, 8)
            job_id = f"{head}{dice.pick('RSTX')}-{tail}{dice.pick(('', '~', '~~'))}"
        elif platform == "qcwy":
            job_id = str(100_000_000 + dice.roll() % 60_000_000_000)
        else:
            number = opening.company.zhilian_number.removeprefix("CZ")
            job_id = f"CC{number}J{40_000_000_000 + dice.roll() % 900_000_000_000:012d}"
        return Posting(platform, job_id, opening, generation, posted, closes)

    def _posted(self, platform: str, opening: Opening, day: int) -> Posting | None:
        """The posting of an opening on a platform and day: a day or two later than the opening, sometimes renewed."""
        if platform not in opening.platforms:
            return None
        mark = draw(self.seed, "lag", platform, opening.opening_id)
        posted = opening.opens + mark % 3
        if day < posted or posted >= opening.closes:
            return None
        again = posted + 10 + (mark >> 8) % 20
        if (mark >> 16) % 100 < 6 and again < opening.closes:
            if day >= again:
                return self._posting(platform, opening, 1, again, opening.closes)
            return self._posting(platform, opening, 0, posted, again)
        return self._posting(platform, opening, 0, posted, opening.closes)

    def _candidates(self, key: str, day: int) -> Iterator[Opening]:
        """Own openings first, then those of other families that are found under this keyword too."""
        yield from self._openings(key, day)
        if key in KNOWN_ROLES:
            for other in KNOWN_ROLES.values():
                share = dict(other.also).get(key, 0.0)
                if share:
                    for opening in self._openings(other.key, day):
                        if fraction(self.seed, "also", key, opening.opening_id) < share:
                            yield opening
            return
        borrowed = self.slots(key) // 5
        if borrowed:
            families = list(KNOWN_ROLES)
            family = families[draw(self.seed, "borrow", key) % len(families)]
            pool = sorted(self._openings(family, day), key=lambda o: draw(self.seed, "near", key, o.opening_id))
            yield from pool[:borrowed]

    def _search(self, platform: str, key: str, city: str, day: int) -> tuple[Posting, ...]:
        if city != NATIONWIDE:
            wanted = CITY_BY_NAME.get(city)
            return tuple(p for p in self._found(platform, key, NATIONWIDE, day) if p.opening.city is wanted)
        found = {p.job_id: p for o in self._candidates(key, day) if (p := self._posted(platform, o, day))}
        listing = sorted(found.values(), key=lambda p: draw(self.seed, "rank", key, p.job_id))
        if key not in KNOWN_ROLES:
            listing = listing[:_UNKNOWN_SLOTS]
        self._seen[platform].update((p.job_id, p) for p in listing)
        return tuple(listing)
