"""Companies across platforms, and postings that are the same opening (docs/resolution.md).

``resolve`` is the pure core; ``resolve_companies`` and ``link_jobs`` run on a warehouse and replace the visible
answer as a whole. Read the views ``company``, ``company_alias``, ``company_decision``, ``company_review`` and
``job_link``.
"""

from jobdata_resources.resolution.collect import Detail, collect_mentions, join_registries
from jobdata_resources.resolution.companies import ResolutionReport, resolve_companies
from jobdata_resources.resolution.company import Company
from jobdata_resources.resolution.decision import Decision, Override, SharedPostings
from jobdata_resources.resolution.evaluate import Score, evaluate
from jobdata_resources.resolution.link import LinkReport, link_jobs
from jobdata_resources.resolution.mention import CompanyMention, MentionKey, Registry
from jobdata_resources.resolution.pairs import LinkRules
from jobdata_resources.resolution.resolve import resolve
from jobdata_resources.resolution.result import Resolution
from jobdata_resources.resolution.store import record_override, withdraw_override

__all__ = [
    "Company",
    "CompanyMention",
    "Decision",
    "Detail",
    "LinkReport",
    "LinkRules",
    "MentionKey",
    "Override",
    "Registry",
    "Resolution",
    "ResolutionReport",
    "Score",
    "SharedPostings",
    "collect_mentions",
    "evaluate",
    "join_registries",
    "link_jobs",
    "record_override",
    "resolve",
    "resolve_companies",
    "withdraw_override",
]
