"""A file of proxies: ``label`` and ``url``. The URLs may hold passwords: no message shows one."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from crawler_core.proxy import Proxy
from jobdata_resources.control.files.table import Columns, read_table

__all__ = ["read_proxy_file"]

_COLUMNS = Columns(required=("label", "url"), secret=True)
_LABEL = re.compile(r"[\w.:-]{1,64}")
_SCHEMES = ("http", "https")


def read_proxy_file(path: Path) -> list[Proxy]:
    """Read a CSV or YAML file of proxies.

    Raises:
        ImportRefused: with every problem of the file, no URL among them.
    """
    table = read_table(path, _COLUMNS)
    proxies: list[Proxy] = []
    first: dict[str, str] = {}
    for row in table.rows:
        label, url = row["label"], row["url"]
        if label and not _LABEL.fullmatch(label):
            table.problem(row, "label", "must be up to 64 letters, digits and _ . : - (value not shown)")
        if url and not _is_proxy(url):
            table.problem(row, "url", "must look like http://user:password@host:port (value not shown)")
        twin = first.setdefault(label, row.place)
        if label and twin != row.place:
            table.problem(row, "label", f"the same label as in {twin}; give each proxy a label of its own")
        proxies.append(Proxy(label=label, url=SecretStr(url)))
    table.refuse_problems()
    return proxies


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.path in ("", "/") and not parts.query and not parts.fragment and not re.search(r"\s", url)
    return parts.scheme in _SCHEMES and bool(parts.hostname) and port is not None and plain and len(url) <= 1024
