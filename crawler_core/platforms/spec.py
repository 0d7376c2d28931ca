"""What a platform is to the rest of the house: one frozen description, its behaviour as pure functions.

Adding a platform is adding one folder with such a description and one entry in ``crawler_core.platforms``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crawler_core.errors import UnknownCity
from crawler_core.platforms.company import CompanySpec
from crawler_core.platforms.fields import PageShape
from crawler_core.values import PageRef, Request, RequestContext, Response, Verdict

__all__ = ["PlatformSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSpec:
    """A recruiting platform.

    Attributes:
        name: the short name used in paths, tables and settings.
        title: the name a person knows.
        base_url: the real host.
        page_size: records asked for by default; ``max_page_size`` is what the platform is known to honour.
        page_cap: pages after which a search ends whatever the platform says.
        needs_token: refuse to crawl without a session token.
        needs_sign_key: refuse to crawl without a signing key.
        nationwide: the city code of the whole country.
        cities: city name to code.
        build_search: the request for one page of a search.
        judge: what an answer means; reads only ids, paging and error codes.
        search: where a search answer keeps its records and which columns they fill.
        details: further record pages by kind, for instance ``{"job_detail": …}``.
        company: how details of a company are asked for and read, None where the platform has none.
    """

    name: str
    title: str
    base_url: str
    page_size: int
    max_page_size: int
    page_cap: int
    needs_token: bool
    needs_sign_key: bool
    nationwide: str
    cities: Mapping[str, str]
    build_search: Callable[[PageRef, RequestContext], Request]
    judge: Callable[[Response, PageRef], Verdict]
    search: PageShape
    details: Mapping[str, PageShape]
    company: CompanySpec | None = None

    def city_code(self, city: str) -> str:
        """The platform's code of a city given by name or code.

        Raises:
            UnknownCity: neither a known name nor a plausible code.
        """
        text = city.strip()
        if text in self.cities:
            return self.cities[text]
        if text.isdigit() and len(text) == len(self.nationwide):
            return text
        known = "、".join(list(self.cities)[:12])
        raise UnknownCity(
            f"city {city!r} is not known to {self.name}; use a name ({known}, …)"
            f" or a code of {len(self.nationwide)} digits"
        )
