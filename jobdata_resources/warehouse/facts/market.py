"""``job_analytics``: the current state of every job of every platform, in one shape.

One row per job: its newest content, when and under which keywords it was seen, and the facts of its strings by the
active rules. The view is generated from the platforms' field tables, in which columns of one meaning have one name.

**Current content** is the content seen last. **Status** says whether a job is still on show, from evidence only:

* A *search* is a keyword and a city on a platform. It was crawled *completely* on a day when one of its pages had
  the outcome ``last`` or ``empty``: the platform said that nothing follows. A search that ended at a page cap, or was
  stopped, or failed, says nothing about jobs it did not show.
* A job is ``gone`` when one of the searches that showed it on the last day it was seen at all was crawled completely
  on a later day. Otherwise it is ``open``. A search that had stopped showing the job while another one still did has
  no say: there it may have sunk, or no longer match.

Days are crawl days, Asia/Shanghai. ``days_open`` counts from the first day seen to the last, both included: 1 for a
job seen on one day. A job that was gone and is seen again is open again.
"""

# ruff: noqa: S608 - generated SQL: names are quoted by sqltext, values of callers are bound as parameters

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from crawler_core.platforms.boss.fields import JOB_URL as BOSS_JOB_URL
from crawler_core.platforms.zhilian.fields import JOB_URL as ZHILIAN_JOB_URL
from jobdata_resources.warehouse import sqltext
from jobdata_resources.warehouse.catalog import CRAWL_PAGE, JOB_SIGHTING, Catalog
from jobdata_resources.warehouse.client import Engine
from jobdata_resources.warehouse.facts.dates import publish_reason, published_at
from jobdata_resources.warehouse.facts.fields import FACT_FIELDS, FactField
from jobdata_resources.warehouse.tables import SHANGHAI_TIME, Column, Relation, View

__all__ = [
    "COMPANY_ALIAS",
    "FIELD_REASONS",
    "JOB_ANALYTICS",
    "NOT_PUBLISHED",
    "create_job_analytics",
    "job_analytics_view",
]

JOB_ANALYTICS: Final = "job_analytics"
COMPANY_ALIAS: Final = "company_alias"
"""Which account of a platform is which company; joined when it exists."""
JOB_LINK: Final = "job_link"
"""Which opening a posting is, and of which company; made together with ``company_alias``."""

NOT_PUBLISHED: Final = "not published"
"""The reason of a field that a platform has no column for."""

_JOB_URLS: Final = {"boss": BOSS_JOB_URL, "zhilian": ZHILIAN_JOB_URL}
"""Pages of jobs, for items that carry no URL."""

_WORD = "LowCardinality(String)"
_TEXT_COLUMNS: Final = (
    *("title", "company_id", "company_name", "industry", "description"),
    *("city", "district", "salary_text", "experience_text", "degree_text"),
    *("company_size_text", "company_type_text", "company_stage_text", "published_text"),
)
"""Columns of ``<p>_job`` that are taken over or read, by their common names; empty where a platform has none."""

PUBLISH_DATE: Final = "publish_date"
FIELD_REASONS: Final = {name: f"{name}_reason" for name in (*(field.name for field in FACT_FIELDS), PUBLISH_DATE)}
"""The column that says why a field has no value, by field."""


def _column(name: str, kind: str = "String", doc: str = "") -> Column:
    return Column(name=name, type=kind, doc=doc)


_STATUS = "if(bitAnd(j.ended, 65535) > bitShiftRight(j.ended, 16), 'gone', 'open')"
"""Last day with a sighting in the upper half, newest complete crawl of its searches in the lower."""
_MONEY = "Nullable(Decimal(18, 2))"
_OUT: Final[tuple[tuple[Column, str], ...]] = (
    (_column("platform", _WORD), "j.platform"),
    (_column("job_id"), "j.job_id"),
    (_column("title"), "j.title"),
    (_column("company_id", doc="company across platforms, see `company`; empty when unresolved"), "{company}"),
    (_column("opening_id", doc="equal for postings of one opening; empty until it was linked"), "{opening}"),
    (_column("platform_company_id", doc="the platform's own"), "j.company_id"),
    (_column("company_name", doc="as published"), "j.company_name"),
    (_column("province", _WORD, "short name"), "f_place.province"),
    (_column("city", _WORD, "short name; empty when the place is not understood"), "f_place.city"),
    (_column("district", _WORD), "f_place.district"),
    (_column("salary_min", _MONEY, "CNY a month"), "f_salary.min_cny_month"),
    (_column("salary_max", _MONEY, "CNY a month"), "f_salary.max_cny_month"),
    (_column("salary_months", "Nullable(UInt8)", "monthly salaries a year"), "f_salary.months"),
    (_column("salary_unit", _WORD, "period of the published figure"), "f_salary.unit"),
    (_column("salary_text", doc="as published"), "j.salary_text"),
    (_column("experience_min", "Nullable(UInt8)", "years"), "f_experience.min_years"),
    (_column("experience_max", "Nullable(UInt8)", "years"), "f_experience.max_years"),
    (_column("degree_rank", "Nullable(UInt8)", "0 (any) to 6 (doctor)"), "f_degree.rank"),
    (_column("degree", _WORD, "any, college, bachelor, …"), "f_degree.level"),
    (_column("company_size_min", "Nullable(UInt64)", "people"), "f_company_size.min_people"),
    (_column("company_size_max", "Nullable(UInt64)", "people"), "f_company_size.max_people"),
    (_column("company_type", _WORD, "kind of owner"), "f_company_type.kind"),
    (_column("company_stage", _WORD, "funding"), "f_financing_stage.stage"),
    (_column("industry", doc="as published"), "j.industry"),
    (_column("skills", "Array(String)", "as published"), "j.skills"),
    (_column("description", doc="as published; a summary on Boss lists"), "j.description"),
    (_column("url"), "j.url"),
    (_column("keywords", "Array(String)", "keywords it was found under"), "j.keywords"),
    (
        _column("published_at", f"Nullable({SHANGHAI_TIME})", "when the platform says it was published"),
        "{published}",
    ),
    (_column("first_seen", SHANGHAI_TIME, "first fetch, of any content"), "j.seen_first"),
    (_column("last_seen", SHANGHAI_TIME, "last fetch, of any content"), "j.seen_last"),
    (
        _column("days_open", "UInt32", "days from the first to the last sighting, both included"),
        "toUInt32(dateDiff('day', toDate(j.seen_first), toDate(j.seen_last)) + 1)",
    ),
    (_column("status", _WORD, "open or gone, see the view's comment"), _STATUS),
    (_column("versions", "UInt64", "distinct contents so far"), "j.versions"),
    *(
        (_column(reason, _WORD, f"why there is no {field}, or empty"), f"{{{field}}}")
        for field, reason in FIELD_REASONS.items()
    ),
)  # fmt: skip


_EMPLOYER: Final = (
    "if(resolution_id > (SELECT max(resolution_id) FROM resolution_run WHERE kind = 'company'), company_id, '')"
)
"""A link knows more than an account: of which company an opening is. Links older than the companies name old ids."""


def create_job_analytics(engine: Engine, catalog: Catalog) -> View:
    """Create or replace the view, atomically; with companies across platforms when these are known.

    Raises:
        WarehouseError: the engine refused; the view is as it was.
    """
    found = engine.query(
        "SELECT count() FROM system.tables WHERE database = {db:String} AND name IN {names:Array(String)}",
        {"db": engine.database, "names": [COMPANY_ALIAS, JOB_LINK]},
    )
    view = job_analytics_view(catalog, resolved=found == [(2,)])
    engine.command(view.create(catalog.engines), doing=f"create {JOB_ANALYTICS}")
    return view


def job_analytics_view(catalog: Catalog, *, resolved: bool) -> View:
    """The view over all platforms of the catalog.

    Args:
        resolved: whether ``company_alias`` and ``job_link`` exist.
    """
    jobs = list(catalog.jobs.items())
    union = "\n    UNION ALL\n    ".join(_current(platform, relation, resolved=resolved) for platform, relation in jobs)
    filled = {field.name: _reason(field, jobs) for field in FACT_FIELDS}
    filled["published"] = published_at("j.published_text")
    filled[PUBLISH_DATE] = _silence(jobs, ("published_text",), publish_reason("j.published_text"))
    filled["company"] = "if(j.employer != '', j.employer, a.company_id)" if resolved else "''"
    filled["opening"] = "j.opening_id" if resolved else "''"
    # Facts stand right of the jobs: their snapshot is the later one, so that a visible job finds its facts.
    joins = "\n".join(
        f"ANY LEFT JOIN {field.view} AS f_{field.name} ON f_{field.name}.raw = {field.source(_TEXT_COLUMNS, table='j')}"
        for field in FACT_FIELDS
    )
    if resolved:
        joins += f"""
ANY LEFT JOIN
(
    -- An account that stands for several companies says nothing about one job. Without an id, its name is the account.
    SELECT t.platform AS platform, t.platform_company_id AS account, if(account = '', t.name, '') AS listed,
        any(t.company_id) AS company_id
    FROM {COMPANY_ALIAS} AS t GROUP BY platform, account, listed HAVING uniqExact(t.company_id) = 1
) AS a ON a.platform = j.platform AND a.account = j.company_id
    AND a.listed = if(j.company_id = '', j.company_name, '')"""
    picked = ",\n    ".join(f"{source.format(**filled)} AS {column.name}" for column, source in _OUT)
    return View(
        name=JOB_ANALYTICS,
        query=f"SELECT\n    {picked}\nFROM\n(\n    {union}\n) AS j\n{joins}",
        columns=tuple(column for column, _ in _OUT),
        doc="one row per job of every platform: newest content as comparable facts; gone = a search that showed it on"
        " its last day was later crawled to its end without it",
    )


def _reason(field: FactField, jobs: Sequence[tuple[str, Relation]]) -> str:
    """Why a job has no value of a field; that its platform never publishes one is a reason of its own."""
    fact = f"f_{field.name}"
    why = f"if({fact}.derivation = '' AND {fact}.reason = '', 'no fact', {fact}.reason)"
    return _silence(jobs, field.reads, why)


def _silence(jobs: Sequence[tuple[str, Relation]], columns: Collection[str], why: str) -> str:
    silent = [name for name, job in jobs if not {column.name for column in job.visible} & set(columns)]
    return f"if(j.platform IN ({sqltext.literals(silent)}), '{NOT_PUBLISHED}', {why})" if silent else why


def _current(platform: str, relation: Relation, *, resolved: bool) -> str:
    """The jobs of a platform: newest content, sightings, the end of their searches and links, in one aggregation.

    They are put together instead of joined: an aggregation can spill to disk and reads only the columns that are
    asked for. Each column has its own argMax over the same key, so all come from one content. Keys
    are packed into one number (milliseconds and hash; day and day), which is compared many times faster than a tuple.
    """
    present = {column.name: column.type for column in relation.visible}
    taken = {name: f"toString({sqltext.name(name)})" if name in present else "''" for name in _TEXT_COLUMNS}
    taken |= {"skills": _skills(present), "url": _url(platform, present)}
    needed = sorted(
        {"job_id", "content_hash", "first_seen", "last_seen"}
        | ({*_TEXT_COLUMNS, "skills", "labels", "welfare", "url"} & set(present))
    )
    contents = ", ".join(f"{source} AS c_{name}" for name, source in taken.items())
    nothing = ", ".join(
        f"{'CAST([], ' + repr('Array(String)') + ')' if name == 'skills' else repr('')}" for name in taken
    )
    newest = ",\n        ".join(f"argMax(c_{name}, newness) AS {name}" for name in taken)
    never = "toDateTime64(0, 3, 'Asia/Shanghai')"
    linked = unlinked = links = ""
    if resolved:
        linked, unlinked = ", max(opening) AS opening_id, max(company) AS employer", ", '' AS opening, '' AS company"
        links = f"""
        UNION ALL
        SELECT job_id, 0, {never}, {never}, false, '', toUInt32(0), toUInt128(0), {nothing}, opening_id, {_EMPLOYER}
        FROM {JOB_LINK} WHERE platform = {sqltext.literal(platform)}"""
    return f"""SELECT {sqltext.literal(platform)} AS platform, job_id,
        {newest},
        minIf(first_seen, of_content) AS seen_first, max(last_seen) AS seen_last,
        uniqExactIf(content_hash, of_content) AS versions,
        arraySort(groupUniqArrayIf(keyword, keyword != '')) AS keywords, max(ends) AS ended{linked}
    FROM
    (
        SELECT job_id, content_hash, first_seen, last_seen, true AS of_content, '' AS keyword, toUInt32(0) AS ends,
            bitShiftLeft(toUInt128(toUnixTimestamp64Milli(last_seen)), 64) + content_hash AS newness,
            {contents}{unlinked}
        FROM ({relation.rows(needed)})
        UNION ALL
        SELECT s.job_id, 0, {never}, {never}, false, toString(s.keyword),
            toUInt32(bitShiftLeft(toUInt32(toUInt16(s.crawl_date)), 16) + toUInt16(e.ended_on)), toUInt128(0),
            {nothing}{unlinked}
        FROM
        (
            SELECT * FROM ({JOB_SIGHTING.rows(("platform", "crawl_date", "keyword", "city", "job_id"))})
            WHERE platform = {sqltext.literal(platform)}
        ) AS s
        ANY LEFT JOIN
        (
            SELECT keyword, city, max(crawl_date) AS ended_on
            FROM ({CRAWL_PAGE.rows(("platform", "crawl_date", "keyword", "city", "kind", "outcome"))})
            WHERE platform = {sqltext.literal(platform)} AND kind = 'search' AND outcome IN ('last', 'empty')
            GROUP BY keyword, city
        ) AS e ON e.keyword = s.keyword AND e.city = s.city{links}
    )
    GROUP BY job_id
    HAVING max(of_content)"""


def _skills(present: Collection[str]) -> str:
    """The skills; where a platform publishes only labels, those that are neither experience, degree nor welfare."""
    if "skills" in present:
        return "skills"
    if "labels" not in present:
        return "CAST([], 'Array(String)')"
    others = [f"x != {name}" for name in ("experience_text", "degree_text") if name in present]
    others += ["NOT has(welfare, x)"] if "welfare" in present else []
    return f"arrayFilter(x -> {' AND '.join(others) or 'true'}, labels)"


def _url(platform: str, present: Collection[str]) -> str:
    """The job's own URL, else the one that follows from its id."""
    made = ""
    if platform in _JOB_URLS:
        before, after = _JOB_URLS[platform].split("{job_id}")
        made = f"concat({sqltext.literal(before)}, job_id, {sqltext.literal(after)})"
    if "url" in present:
        return f"if(url = '', {made}, url)" if made else "url"
    return made or "''"
