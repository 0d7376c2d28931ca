"""RPC on the wire: parameters in, JSON or an error out, times as the real one writes them.

What belongs here: values without state. What does not: sockets, signatures, and any action's rules.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

T = TypeVar("T")
TRUE: Final = ("true", "True", "1")
_MINUTE_TIME: Final = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$")


@dataclass
class ApiError(Exception):
    """A refusal: HTTP status, code and message of the real one. `retry_after` is in milliseconds."""

    status: int
    code: str
    message: str
    retry_after: int | None = None
    detail: Mapping[str, Any] | None = None

    def body(self, request_id: str, host: str) -> dict[str, Any]:
        """The JSON body."""
        body: dict[str, Any] = {
            "RequestId": request_id,
            "HostId": host,
            "Code": self.code,
            "Message": self.message,
            "Recommend": f"https://api.aliyun.com/troubleshoot?q={self.code}&product=Ecs&requestId={request_id}",
        }
        if self.detail is not None:
            body["AccessDeniedDetail"] = dict(self.detail)
        return body


def missing(name: str) -> ApiError:
    """A mandatory parameter is absent."""
    text = f'The input parameter "{name}" that is mandatory for processing this request is not supplied.'
    return ApiError(400, "MissingParameter", text)


def invalid(name: str, why: str = "", *, code: str = "") -> ApiError:
    """A parameter has a value that cannot be used."""
    text = f"The specified parameter {name} is not valid." if not why else f"The specified {name} is not valid. {why}"
    return ApiError(400, code or f"InvalidParameter.{name}", text)


@dataclass(frozen=True)
class Params:
    """The parameters of one call, by the names on the wire: `Name`, `Name.N`, `Name.N.Field`, `Name.Field`."""

    values: Mapping[str, str]
    read: set[str] = field(default_factory=set, compare=False)

    def get(self, name: str, default: str = "") -> str:
        """One value."""
        self.read.add(name)
        return self.values.get(name, default)

    def need(self, name: str) -> str:
        """One value; raises MissingParameter."""
        value = self.get(name)
        if not value:
            raise missing(name)
        return value

    def flag(self, name: str) -> bool:
        """A boolean; absent is false."""
        return self.get(name) in TRUE

    def number(self, name: str, default: int, low: int, high: int, *, code: str = "") -> int:
        """A whole number within bounds; raises InvalidParameter, or the code given."""
        text = self.get(name)
        if not text:
            return default
        if not re.fullmatch(r"-?\d{1,9}", text) or not low <= int(text) <= high:
            raise invalid(name, f"Valid values: {low} to {high}.", code=code)
        return int(text)

    def choice(self, name: str, default: str, choices: Sequence[str], *, code: str = "") -> str:
        """One of the choices; raises InvalidParameter, or the code given."""
        value = self.get(name) or default
        if value not in choices:
            raise invalid(name, f"Valid values: {', '.join(choices)}.", code=code)
        return value

    def list(self, name: str) -> list[str]:
        """`Name.1`, `Name.2`, …; a JSON list in one parameter is read too."""
        whole = self.get(name)
        if whole:
            return json_list(name, whole)
        found = [
            (int(key.rpartition(".")[2]), value)
            for key, value in self.values.items()
            if re.fullmatch(rf"{name}\.\d{{1,4}}", key)
        ]
        self.read.update(f"{name}.{number}" for number, _ in found)
        return [value for _, value in sorted(found)]

    def tags(self, name: str = "Tag") -> dict[str, str]:
        """`Tag.N.Key` and `Tag.N.Value`; raises for more than 20 or a forbidden key."""
        tags: dict[str, str] = {}
        for key, value in self.values.items():
            match = re.fullmatch(rf"{name}\.(\d{{1,4}})\.Key", key)
            if match:
                if not value or len(value) > 128 or value.startswith(("aliyun", "acs:")) or "://" in value:
                    raise ApiError(400, "InvalidTagKey.Malformed", "The specified Tag.n.Key is not valid.")
                tags[value] = self.get(f"{name}.{match[1]}.Value")
        if len(tags) > 20:
            raise ApiError(400, "InvalidTagCount", "The specified tags are beyond the permitted range.")
        return tags


def json_list(name: str, text: str) -> list[str]:
    """A JSON list of strings; raises InvalidParameter."""
    try:
        value = json.loads(text)
    except ValueError:
        raise invalid(name, "It must be a JSON array.") from None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise invalid(name, "It must be a JSON array of strings.")
    return value


def from_base64(text: str, limit: int, *, too_long: ApiError, malformed: ApiError) -> bytes:
    """Decoded content of at most `limit` bytes; raises the errors given."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise malformed from None
    if len(content) > limit:
        raise too_long
    return content


def stamp(now: float, *, seconds: bool = True) -> str:
    """UTC, to the second, or to the minute as instances show their times."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ" if seconds else "%Y-%m-%dT%H:%MZ")


def moment(name: str, text: str) -> float:
    """Seconds since the epoch of a UTC time with or without seconds; raises InvalidParameter."""
    if not _MINUTE_TIME.match(text):
        raise ApiError(400, f"Invalid{name}.Malformed", f"The specified parameter {name} is malformed.")
    form = "%Y-%m-%dT%H:%M:%SZ" if text.count(":") == 2 else "%Y-%m-%dT%H:%MZ"
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise ApiError(400, f"Invalid{name}.Malformed", f"The specified parameter {name} is malformed.") from None


@dataclass(frozen=True)
class Page:
    """One page of a listing. With `token_mode`, numbers are not shown, and `next_token` is empty at the end."""

    items: Sequence[Any]
    total: int
    number: int
    size: int
    next_token: str
    token_mode: bool

    def facts(self) -> dict[str, Any]:
        """The paging fields of the answer."""
        return {
            "TotalCount": self.total,
            "PageNumber": self.number,
            "PageSize": self.size,
            "NextToken": self.next_token,
        }


def paged(params: Params, items: Iterable[T], *, default: int = 10, most: int = 100, whole: bool = False) -> Page:
    """Cut a page by MaxResults and NextToken, or by PageNumber and PageSize (those two are ignored otherwise).

    With `whole` everything is one page, whatever is asked for.
    """
    found = list(items)
    if whole:
        return Page(found, len(found), 1, len(found), "", token_mode=False)
    token, results = params.get("NextToken"), params.get("MaxResults")
    if token or results:
        size = params.number("MaxResults", default, 1, most)
        start = _token_place(token)
        end = start + size
        following = f"n{end:08d}" if end < len(found) else ""
        return Page(found[start:end], len(found), 1, size, following, token_mode=True)
    size, number = params.number("PageSize", default, 1, most), params.number("PageNumber", 1, 1, 10**6)
    start = (number - 1) * size
    return Page(found[start : start + size], len(found), number, size, "", token_mode=False)


def _token_place(token: str) -> int:
    if not token:
        return 0
    if not re.fullmatch(r"n\d{8}", token):
        raise ApiError(400, "InvalidParameter.NextToken", "The specified parameter NextToken is not valid.")
    return int(token[1:])
