"""The few lines of shell that start a node on an instance, and the environment they give it.

The script holds no secret: it names two objects by links that are good for some minutes, the artefact and the node's
environment. The environment is read, removed from the disk, and given to the node program alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from crawler_core.fleet.settings import NodeSettings
from crawler_core.settings import CrawlSettings
from crawler_core.values import Token

__all__ = ["LINK_SECONDS", "bootstrap", "environment"]

LINK_SECONDS = 1800
"""How long the links of a command are good: an instance that starts later than this is replaced anyway."""

_NOT_FOR_NODES = frozenset({"jobdata_home", "egress_addresses", "node_name", "boss_tokens"})

_SCRIPT = """\
#!/bin/sh
# Starts a crawl node: fetch, check, unpack, run. Exit code 4: what was fetched is not what was sent.
set -eu
umask 077
work=$(mktemp -d "${{TMPDIR:-/tmp}}/jobdata-node.XXXXXXXX")
cd "$work"
fetch() {{ curl -fsS --retry 5 --retry-connrefused --max-time 300 -o "$2" "$1"; }}
fetch {artefact} node.tar.gz
echo "{sha256}  node.tar.gz" | sha256sum -c - >/dev/null 2>&1 || {{ echo "the artefact is not {sha256}" >&2; exit 4; }}
fetch {env} env
tar -xzf node.tar.gz
python={python}
if [ -z "$python" ]; then
  python=python3
  pip=$(echo wheels/pip-*.whl)  # a wheel runs as it is: the image needs neither pip nor venv
  "$python" "$pip/pip" install --quiet --no-cache-dir --no-index --find-links wheels --require-hashes \\
    --no-warn-script-location --root-user-action ignore --target lib -r requirements.lock
fi
set -a
. ./env
FLEET_METADATA_URL="${{JOBDATA_METADATA_URL:-http://100.100.100.200}}/latest"
PYTHONPATH="$work:$work/lib"
JOBDATA_HOME="$work/var"
set +a
rm -f env node.tar.gz
exec "$python" -m crawler_core node --json
"""


def bootstrap(*, artefact: str, sha256: str, env: str, python: str) -> str:
    """The script of one instance.

    Args:
        artefact, env: links that need no credentials.
        sha256: of the artefact.
        python: interpreter that has the libraries; empty to install them from the artefact's wheels.
    """
    return _SCRIPT.format(
        artefact=shlex.quote(artefact), sha256=sha256, env=shlex.quote(env), python=shlex.quote(python)
    )


def environment(
    crawl: CrawlSettings,
    node: NodeSettings,
    *,
    instance: str,
    board: str,
    artefact: str,
    tokens: Sequence[Token],
    extra: Mapping[str, str],
) -> str:
    """A node's environment as shell assignments: the crawl settings in force here, and what is its own.

    Args:
        extra: further variables, for instance the region of the bucket.
    """
    values: dict[str, str] = dict(extra)
    for name in crawl.model_fields_set - _NOT_FOR_NODES | {"landing_url"}:
        values[name.upper()] = _text(getattr(crawl, name))
    for name in node.model_fields_set:
        values[name.upper()] = _text(getattr(node, name))
    values |= {"FLEET_BOARD": board, "FLEET_ARTEFACT": artefact, "NODE_NAME": instance}
    if tokens:
        sessions = (f"{token.mpt.get_secret_value()}:{token.wt2.get_secret_value()}" for token in tokens)
        values["BOSS_TOKENS"] = ",".join(session.rstrip(":") for session in sessions)
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(values.items()))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
