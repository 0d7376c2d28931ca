"""What a check of a component is, and running some. The checks themselves are in the modules beside this one.

A check yields findings: one line on what is there, and where something is wrong, one on what to do. It changes
nothing but what its description says, is bounded in time, and never puts a secret into a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from crawler_core.errors import BadSetting, CrawlError
from jobdata_resources.control.errors import ControlStoreError
from jobdata_resources.warehouse.errors import WarehouseError

__all__ = ["TIMEOUT_SECONDS", "Check", "Finding", "Report", "examine", "fail", "ok", "warn"]

TIMEOUT_SECONDS = 5.0
"""For one answer of a component."""

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report.

    Attributes:
        status: ``fail`` stops the project or part of it, ``warn`` will or may.
        text: what is there; no secrets.
        remedy: what to do; empty where nothing is wrong.
    """

    status: Status
    text: str
    remedy: str = ""


def ok(text: str) -> Finding:
    """All is well."""
    return Finding(status="ok", text=text)


def warn(text: str, remedy: str) -> Finding:
    """It works, but."""
    return Finding(status="warn", text=text, remedy=remedy)


def fail(text: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(status="fail", text=text, remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A component's check.

    Attributes:
        name: one word for the report.
        look: yields the findings. Errors of this project's trees may pass: they name what is wrong and the remedy.
        online: it calls hosts that are not ours, so it runs only when asked for.
    """

    name: str
    look: Callable[[], Iterable[Finding]]
    online: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, by check, in the order of the registry."""

    findings: tuple[tuple[str, Finding], ...]

    @property
    def healthy(self) -> bool:
        """Nothing failed; warnings may be there."""
        return all(finding.status != "fail" for _, finding in self.findings)

    def of(self, name: str) -> list[Finding]:
        """The findings of one check."""
        return [finding for check, finding in self.findings if check == name]


def examine(checks: Sequence[Check], *, online: bool = False) -> Report:
    """Run the checks, one after another; one that fails does not keep the others from running."""
    return Report(
        tuple(
            (check.name, finding) for check in checks if online or not check.online for finding in _guarded(check.look)
        )
    )


def _guarded(look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except BadSetting as error:
        yield fail(f"not checked: {error}", "correct the setting, then run the doctor again")
    except (CrawlError, ControlStoreError, WarehouseError) as error:
        text, found, remedy = str(error).rpartition("; ")  # messages of this project end with what to do
        yield fail(text, remedy) if found else fail(remedy, "see the message")
    except OSError as error:
        yield fail(f"{error.filename or 'the system'}: {error.strerror}", "check that it exists and its permissions")
