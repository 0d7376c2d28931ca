"""``jobdata settings``: what the environment amounts to, and the README's table of settings."""

from __future__ import annotations

import os
import types
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobdata_cli.output import AsJson, print_json, print_table

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from crawler_core.settings import EnvSettings

__all__ = ["register"]

_STARS = "***"
_DERIVED = {
    "LANDING_URL": "file://$JOBDATA_HOME/landing",
    "CONTROL_DB_URL": "sqlite:///$JOBDATA_HOME/control.db",
}
"""Defaults that are built from other settings; a test holds them against the real ones."""
_DAGSTER_PG_URL = (
    "DAGSTER_PG_URL",
    "Dagster's own storage in PostgreSQL: `postgresql://…`; unset = SQLite under `DAGSTER_HOME`",
)
"""Read by ``dagster.yaml``, not by a settings class."""


def register(app: typer.Typer) -> None:
    """Add ``settings``."""
    app.command("settings")(_settings)


def _settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="print the README's table of variables")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the effective settings; secrets show as stars."""
    if markdown:
        typer.echo(_markdown())
        return
    rows = _effective()
    if as_json:
        print_json({row["variable"]: row["value"] for row in rows})
    else:
        print_table(("variable", "value", "description"), rows, empty="no settings")


def _classes() -> list[type[EnvSettings]]:
    """The settings classes in the order ``jobdata_resources.settings`` exports them, the crawl's first."""
    from crawler_core.settings import EnvSettings
    from jobdata_resources import settings

    found = [getattr(settings, name) for name in settings.__all__]
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, EnvSettings)]
    return sorted(kinds, key=lambda kind: kind is not settings.CrawlSettings)


def _fields() -> Iterator[tuple[type[EnvSettings], str, FieldInfo]]:
    seen: set[str] = set()
    for kind in _classes():
        for name, field in kind.model_fields.items():
            if name not in seen:
                seen.add(name)
                yield kind, name, field


def _effective() -> list[dict[str, str]]:
    from crawler_core.settings import load

    loaded: dict[type[EnvSettings], EnvSettings] = {kind: load(kind) for kind in _classes()}
    rows = [
        {
            "variable": name.upper(),
            "value": _shown(getattr(loaded[kind], name)),
            "description": field.description or "",
        }
        for kind, name, field in _fields()
    ]
    name, description = _DAGSTER_PG_URL
    return [*rows, {"variable": name, "value": _STARS if os.environ.get(name) else "", "description": description}]


def _shown(value: Any) -> str:
    from pydantic import SecretStr

    if isinstance(value, SecretStr):
        return _STARS if value.get_secret_value() else ""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.absolute()) if isinstance(value, Path) else str(value)


def _markdown() -> str:
    rows = [(name.upper(), _default(name, field), field.description or "") for _, name, field in _fields()]
    rows.append((_DAGSTER_PG_URL[0], "", _DAGSTER_PG_URL[1]))
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for variable, default, meaning in rows:
        shown = f"`{default}`" if default else "–"
        cell = meaning.replace("|", "\\|")
        lines.append(f"| `{variable}` | {shown} | {cell} |")
    return "\n".join(lines)


def _default(name: str, field: FieldInfo) -> str:
    if name.upper() in _DERIVED:
        return _DERIVED[name.upper()]
    default = field.get_default(call_default_factory=True)
    if isinstance(default, types.NoneType):
        return ""
    return f"./{default}" if isinstance(default, Path) else _shown(default)
