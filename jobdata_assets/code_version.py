"""The code version of a job table: everything that decides which rows and facts a landed page becomes.

Dagster compares it with the version a partition was built with and shows the partition as stale when it differs.
"""

from __future__ import annotations

import hashlib

from crawler_core.platforms.fields import PageShape
from crawler_core.platforms.spec import PlatformSpec
from jobdata_resources.warehouse.facts.fields import fact_rules, sources

__all__ = ["code_version", "parse_version"]


def code_version(spec: PlatformSpec, load_version: str) -> str:
    """``<load>/<parse>/<rules of the fields the platform publishes>``: ``2/parse-1f0c2a9b/degree-1.1,salary-1.1``.

    Args:
        load_version: version of the load itself.
    """
    rules = fact_rules()
    return (
        f"{load_version}/{parse_version(spec.search)}/{','.join(rules[name] for name in sorted(sources(spec.search)))}"
    )


def parse_version(shape: PageShape) -> str:
    """A digest of what is read from a page: it moves with every path, kind and column, and not with a comment."""
    read = [(item.column, item.paths, item.kind, item.content, item.required) for item in shape.fields]
    return f"parse-{hashlib.sha256(repr((shape.items, shape.single, read)).encode()).hexdigest()[:8]}"
