"""Publish dates (docs/wire.md section 10), against a fixed moment of fetching."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler_core.normalize import Reason
from crawler_core.normalize.publish_date import normalise_publish_date, normalise_publish_dates
from crawler_core.values import SHANGHAI

NOW = dt.datetime(2026, 1, 15, 9, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "date", "precision", "derivation"),
    [
        ("2026-06-16 15:04:00", "2026-06-16", "second", "date_time"),
        ("2026-09-01", "2026-09-01", "day", "date"),
        ("2026/1/13", "2026-01-13", "day", "date"),
        ("2026年1月13日", "2026-01-13", "day", "date"),
        ("1778641411978", "2026-05-13", "millisecond", "epoch_ms"),
        ("2019-02-05T20:15:27.123Z", "2019-02-06", "millisecond", "date_time"),
        ("2019-02-05T20:15", "2019-02-05", "minute", "date_time"),
        ("04-13发布", "2025-04-13", "day", "month_day"),
        ("01-15发布", "2026-01-15", "day", "month_day"),
        ("01-16发布", "2025-01-16", "day", "month_day"),
        ("02-29", "2024-02-29", "day", "month_day"),
        ("发布于03月31日", "2025-03-31", "day", "month_day"),
        ("发布于08-30", "2025-08-30", "day", "month_day"),
        ("1月13日", "2026-01-13", "day", "month_day"),
        ("发布于09:11", "2026-01-15", "minute", "time_today"),
        ("发布于昨天", "2026-01-14", "day", "yesterday"),
        ("昨天 21:11", "2026-01-14", "minute", "yesterday"),
        ("今天", "2026-01-15", "day", "today"),
        ("前天", "2026-01-13", "day", "day_before"),
        ("刚刚", "2026-01-15", "minute", "now"),
        ("30分钟前", "2026-01-15", "minute", "ago"),
        ("10小时前", "2026-01-14", "hour", "ago"),
        ("3天前", "2026-01-12", "day", "ago"),
        ("2周前", "2026-01-01", "day", "ago"),
    ],
)
def test_published_shape(text: str, date: str, precision: str, derivation: str) -> None:
    read = normalise_publish_date(text, NOW)
    assert read.reason is None
    assert (str(read.date), read.precision, read.derivation) == (date, precision, derivation)
    assert (read.at is None) == (precision == "day")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.EMPTY),
        ("2026-13-01", Reason.OUT_OF_RANGE),
        ("2026-02-30 10:00:00", Reason.OUT_OF_RANGE),
        ("2026-02-03 25:00:00", Reason.OUT_OF_RANGE),
        ("1999-02-03 10:00:00", Reason.OUT_OF_RANGE),
        ("13-45", Reason.OUT_OF_RANGE),
        ("0000000000001", Reason.OUT_OF_RANGE),
        ("发布于11:31", Reason.OUT_OF_RANGE),  # later than the moment of fetching
        ("刚刚活跃", Reason.MISPLACED_ACTIVITY),
        ("3日内活跃", Reason.MISPLACED_ACTIVITY),
        ("在线", Reason.MISPLACED_ACTIVITY),
        ("3个月", Reason.MISPLACED_INTERNSHIP),
        ("issueDate", Reason.NOT_UNDERSTOOD),
        ("发布", Reason.NOT_UNDERSTOOD),
        ("1/13", Reason.NOT_UNDERSTOOD),
        ("1778641411", Reason.NOT_UNDERSTOOD),
    ],
)
def test_refused_for_a_reason(text: str | None, reason: Reason) -> None:
    assert normalise_publish_date(text, NOW).reason is reason


def test_the_day_is_that_of_china() -> None:
    late = dt.datetime(2026, 1, 14, 17, 0, tzinfo=dt.UTC)  # 01:00 of the 15th in UTC+8
    assert normalise_publish_date("今天", late).date == dt.date(2026, 1, 15)
    assert normalise_publish_date("01-15", late).date == dt.date(2026, 1, 15)


def test_a_clock_may_run_ten_minutes_ahead() -> None:
    assert normalise_publish_date("09:40", NOW).date == NOW.date()
    assert normalise_publish_date("09:41", NOW).reason is Reason.OUT_OF_RANGE


def test_one_moment_for_each_string() -> None:
    read = normalise_publish_dates(["昨天", "昨天"], [NOW, NOW - dt.timedelta(days=3)])
    assert [one.date for one in read] == [dt.date(2026, 1, 14), dt.date(2026, 1, 11)]


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone-aware"):
        normalise_publish_date("今天", NOW.replace(tzinfo=None))


moments = st.integers(1_010_000_000, 4_000_000_000).map(lambda seconds: dt.datetime.fromtimestamp(seconds, SHANGHAI))
"""2002 to 2096; epoch milliseconds have 13 digits since September 2001."""


@settings(max_examples=400, deadline=None)
@given(moments, st.integers(0, 5), st.sampled_from(("", "发布于", "更新于")))
def test_absolute_dates_come_back(moment: dt.datetime, shape: int, prefix: str) -> None:
    text = (
        f"{moment:%Y-%m-%d %H:%M:%S}",
        f"{moment:%Y/%m/%d %H:%M:%S}",
        f"{moment:%Y-%m-%dT%H:%M:%S}+08:00",
        f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}Z",
        f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M:%S}",
        str(int(moment.timestamp() * 1000)),
    )[shape]
    read = normalise_publish_date(prefix + text, NOW)
    assert (read.date, read.at) == (moment.date(), moment)


@settings(max_examples=400, deadline=None)
@given(moments, st.integers(0, 365), st.sampled_from(("{:%m-%d}", "{:%m-%d}发布", "发布于{:%m月%d日}")))
def test_a_day_of_the_last_year_gets_its_year(now: dt.datetime, back: int, shape: str) -> None:
    """True of every day of the last 365, but for the one that is a whole year ago and has the same name as today."""
    day = now.date() - dt.timedelta(days=back)
    read = normalise_publish_date(shape.format(day), now)
    same_name = (day.month, day.day) == (now.month, now.day)
    assert read.date == (now.date() if same_name else day)


@settings(max_examples=200, deadline=None)
@given(moments, st.integers(1, 30), st.sampled_from(("天", "日", "小时", "个小时", "分钟")))
def test_ago(now: dt.datetime, count: int, unit: str) -> None:
    seconds = {"天": 86400, "日": 86400, "小时": 3600, "个小时": 3600, "分钟": 60}[unit] * count
    read = normalise_publish_date(f"{count}{unit}前", now)
    assert read.date == (now - dt.timedelta(seconds=seconds)).date()
