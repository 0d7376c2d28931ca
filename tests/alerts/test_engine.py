"""Evidence to incidents to mails, through the control store and a post office."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from jobdata_resources.alerts import KINDS, AlertDesk, Due, Evidence, Story, accepted, due_mails, fold
from jobdata_resources.alerts.letter import write_letter
from jobdata_resources.alerts.story import excerpt, redactor
from jobdata_resources.control import ControlStore, IncidentRecord
from jobdata_resources.mail import Mail, MailRefused, MailServerUnavailable
from jobdata_resources.settings import AlertSettings
from tests.alerts.conftest import START, Clock, Post

DAY = dt.timedelta(days=1)


def bad(subject: str = "boss_job", *, at: dt.datetime = START, run: str = "", detail: str = "") -> Evidence:
    story = Story(headline=f"{subject} is wrong", since=at, run_id=run, detail=detail)
    return Evidence(kind="failed_run", subject=subject, bad=True, at=at, story=story)


def good(subject: str = "boss_job", *, at: dt.datetime) -> Evidence:
    story = Story(headline="", since=at, healed="It is well.")
    return Evidence(kind="failed_run", subject=subject, bad=False, at=at, story=story)


def test_one_mail_one_reminder_a_day_one_all_clear(desk: AlertDesk, post: Post, clock: Clock) -> None:
    for _ in range(60):  # five hours, then two days
        desk.take("failed_run", [bad(at=clock.now)])
        desk.deliver("failed_run")
        clock.advance(minutes=50)
    desk.take("failed_run", [good(at=clock.now)])
    desk.deliver("failed_run")
    desk.deliver("failed_run")
    assert [subject.split(": ")[0] for subject in post.subjects()] == [
        "[JobData] Alert", "[JobData] Reminder", "[JobData] Reminder", "[JobData] All clear",
    ]  # fmt: skip
    times = [at for at, _ in post.sent]
    assert times[1] - times[0] >= DAY
    assert times[2] - times[1] >= DAY


def test_the_window_opens_when_the_mail_was_accepted(desk: AlertDesk, post: Post, clock: Clock) -> None:
    post.broken = lambda _: MailServerUnavailable("down")
    desk.take("failed_run", [bad(at=clock.now)])
    for _ in range(30):
        with pytest.raises(MailServerUnavailable, match="down"):
            desk.deliver("failed_run")
        clock.advance(hours=1)
    post.broken = lambda _: None
    desk.deliver("failed_run")
    first = clock.now
    clock.advance(hours=23.9)
    assert desk.deliver("failed_run") == []
    clock.advance(hours=0.2)
    [due] = desk.deliver("failed_run")
    assert (due.occasion, due.incident.mailed_at) == ("reminder", first)
    assert "2026-11-02 08:00" in post.sent[0][1].text, "since when is the time of the trouble, not of the mail"


def test_what_was_over_before_the_server_was_back_is_still_told(desk: AlertDesk, post: Post, clock: Clock) -> None:
    post.broken = lambda _: MailServerUnavailable("down")
    desk.take("failed_run", [bad(at=clock.now)])
    with pytest.raises(MailServerUnavailable):
        desk.deliver("failed_run")
    clock.advance(hours=1)
    desk.take("failed_run", [good(at=clock.now)])
    post.broken = lambda _: None
    assert [due.occasion for due in desk.deliver("failed_run")] == ["new", "all_clear"]
    assert desk.deliver("failed_run") == []


def test_a_refused_mail_keeps_no_other_back_and_an_unusable_server_ends_the_round(
    desk: AlertDesk, post: Post, clock: Clock
) -> None:
    desk.take("failed_run", [bad(name, at=clock.now) for name in ("a", "b", "c")])
    post.broken = lambda mail: MailRefused("spam") if "Run failed: b" in mail.subject else None
    with pytest.raises(MailRefused, match="spam; 2 other mails were accepted"):
        desk.deliver("failed_run")
    assert len(post.sent) == 2
    calls: list[Mail] = []
    desk.take("failed_run", [bad(name, at=clock.now) for name in ("d", "e")])

    def down(mail: Mail) -> MailServerUnavailable:
        calls.append(mail)
        return MailServerUnavailable("down")

    post.broken = down
    with pytest.raises(MailServerUnavailable):
        desk.deliver("failed_run")
    assert len(calls) == 1


def test_the_same_evidence_twice_is_no_news(desk: AlertDesk, store: ControlStore, clock: Clock) -> None:
    events = [bad(at=clock.now, run="r1"), good(at=clock.now + DAY)]
    desk.take("failed_run", events)
    desk.deliver("failed_run")
    assert desk.take("failed_run", events) == [], "a tick that is repeated opens nothing again"
    [incident] = store.incidents(with_closed=True)
    assert incident.closed_at is not None
    assert store.incidents() == []


def test_a_relapse_before_the_all_clear_goes_on_with_the_same_incident(
    desk: AlertDesk, store: ControlStore, post: Post, clock: Clock
) -> None:
    desk.take("failed_run", [bad(at=clock.now, run="r1")])
    desk.deliver("failed_run")
    hour = dt.timedelta(hours=1)
    desk.take("failed_run", [good(at=clock.now + hour), bad(at=clock.now + 2 * hour, run="r2")])
    assert desk.deliver("failed_run") == []
    [incident] = store.incidents()
    assert Story.parse(incident.story).times == 2
    clock.advance(hours=30)
    [due] = desk.deliver("failed_run")
    assert due.occasion == "reminder"
    assert "2 times" in post.sent[-1][1].text


def test_a_complete_look_heals_what_it_does_not_name(desk: AlertDesk, store: ControlStore, clock: Clock) -> None:
    desk.take("failed_run", [bad("a", at=clock.now), bad("b", at=clock.now)], complete_at=clock.now)
    clock.advance(hours=1)
    desk.take("failed_run", [bad("b", at=clock.now)], complete_at=clock.now)
    assert {one.subject: one.healed_at for one in store.incidents()} == {"a": clock.now, "b": None}
    other = Evidence(kind="tokens_low", subject="boss", bad=True, at=clock.now, story=Story(headline="", since=START))
    desk.take("tokens_low", [other], complete_at=clock.now)
    assert len(store.incidents(["failed_run"])) == 2, "another kind's look says nothing about this one"


def test_without_a_server_the_mail_is_logged_and_counts_as_told(
    desk: AlertDesk, post: Post, logged: list[str], clock: Clock
) -> None:
    post.configured = False
    desk.take("failed_run", [bad(at=clock.now)])
    desk.deliver("failed_run")
    desk.deliver("failed_run")
    [line] = logged
    assert line.startswith("SMTP_HOST is not set, so this is only logged. [JobData] Alert: Run failed: boss_job")
    assert "docs/runbook.md#failed_run" in line


def test_one_wrong_address_does_not_make_the_others_read_it_again_and_again(
    desk: AlertDesk, post: Post, logged: list[str], clock: Clock
) -> None:
    post.refused = {"gone@example.com": "550 no such user"}
    desk.take("failed_run", [bad(at=clock.now)])
    desk.deliver("failed_run")
    desk.deliver("failed_run")
    assert len(post.sent) == 1
    assert logged == ["a mail was accepted, but not for gone@example.com: 550 no such user; check SMTP_TO"]


def test_times_survive_the_store(desk: AlertDesk, store: ControlStore, clock: Clock) -> None:
    clock.advance(microseconds=123_456)
    [changed] = desk.take("failed_run", [bad(at=clock.now)])
    assert store.incidents() == [changed]
    assert store.latest_incidents("failed_run") == {changed.fingerprint: changed}


@given(st.lists(st.tuples(st.sampled_from(["bad", "good"]), st.booleans()), max_size=40))
def test_whatever_happens_mails_alternate(steps: list[tuple[str, bool]]) -> None:
    """Every incident has one mail before its one all-clear, whenever the server works, and at the end all is told."""
    now, known, told = START, dict[str, IncidentRecord](), list[str]()
    for what, server in [*steps, ("good", True)]:
        now += dt.timedelta(minutes=10)
        for after in fold(known, [bad(at=now) if what == "bad" else good(at=now)]):
            known[after.fingerprint] = after
        while server and (waiting := due_mails(list(known.values()), now=now, reminder=DAY)):
            told.append(waiting[0].occasion)
            known[waiting[0].incident.fingerprint] = accepted(waiting[0], now)
    assert told == ["new", "all_clear"] * (len(told) // 2)
    assert bool(told) == any(what == "bad" for what, _ in steps)


# ---- the letter


def letter(story: Story, *, occasion: str = "new", kind: str = "failed_run", subject: str = "boss_job") -> Mail:
    incident = IncidentRecord(
        fingerprint="f" * 16, kind=kind, subject=subject, opened_at=START, seen_at=START, story=story.dump(),
        healed_at=START + 2 * DAY,
    )  # fmt: skip
    due = Due(incident, occasion)  # type: ignore[arg-type]
    return write_letter(due, now=START + DAY, ui_url="http://dagster:3000", runbook_url="https://wiki/runbook.md")


def test_a_letter_says_what_since_when_what_it_affects_and_what_to_do() -> None:
    story = Story(headline="It failed", since=START, detail="the error", facts=(("Job", "boss_load"),), run_id="abc-1")
    mail = letter(story)
    kind = KINDS["failed_run"]
    for body in (mail.text, mail.html):
        for part in (
            "It failed",
            "2026-11-02 08:00",
            "1 d 0 h",
            kind.affects,
            "Open the run",
            "the error",
            "boss_load",
        ):
            assert part in body
        assert "http://dagster:3000/runs/abc-1" in body
        assert "https://wiki/runbook.md#failed_run" in body
    over = letter(replace(story, healed="Run 2 succeeded."), occasion="all_clear")
    for body in (over.text, over.html):
        assert "Run 2 succeeded." in body
        assert "2 d 0 h" in body
        assert "the error" not in body
    assert over.topic == mail.topic


def test_markup_in_what_happened_stays_text() -> None:
    evil = '<script>alert("x")</script>&amp;'
    mail = letter(Story(headline=evil, since=START, detail=evil, facts=((evil, evil),), run_id=evil), subject=evil)
    assert "<script" not in mail.html
    assert mail.html.count("&lt;script&gt;") == 6
    assert mail.text.count(evil) == 5, "the text part is not escaped"
    assert f"/runs/{evil}" not in mail.text


def test_a_long_detail_keeps_head_and_tail() -> None:
    story = Story(headline="h" * 1_000, since=START, detail="begin" + "x" * 100_000 + "the end").clean(
        lambda text: text
    )
    assert story.detail.startswith("begin")
    assert story.detail.endswith("the end")
    assert "95,012 characters left out" in story.detail
    assert len(story.detail) < 5_100
    assert len(story.headline) == 300
    assert excerpt("short", 10, 10) == "short"
    worst = Story(
        headline="长" * 9_999, since=START, detail="长" * 99_999, affects="长" * 9_999, healed="长" * 9_999,
        facts=tuple(("名" * 50, "长" * 9_999) for _ in range(99)),
    )  # fmt: skip
    assert len(worst.clean(lambda text: text).dump().encode()) < 65_536, "what a text column of MySQL holds"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("at mysql+pymysql://jobs:p4ss@db/x", "at mysql+pymysql://jobs:***@db/x"),
        ("password='p4ss', user=a", "password='***', user=a"),
        ("SMTP_PASSWORD=p4ss", "SMTP_PASSWORD=***"),
        ('{"mpt": "p4ss"}', '{"mpt": "***"}'),
        ("Authorization: Bearer p4ss\nnext", "Authorization: ***\nnext"),
        ("the value p4ssw0rd stands alone", "the value *** stands alone"),
        ("two tokens are low; token 1a2b3c4d", "two tokens are low; token 1a2b3c4d"),
    ],
)
def test_secrets_are_taken_out(text: str, after: str) -> None:
    redact = redactor([SecretStr("p4ssw0rd"), SecretStr("abc"), None])
    assert redact(text) == after
    assert Story(headline=text, since=START, detail=text, facts=(("f", text),)).clean(redact).detail == after


def test_a_secret_gets_neither_into_the_store_nor_into_a_mail(store: ControlStore, post: Post, clock: Clock) -> None:
    redact = redactor([SecretStr("hunter2-secret")])
    desk = AlertDesk(store, post, AlertSettings(), log=print, redact=redact, now=clock)
    desk.take("failed_run", [bad(at=clock.now, detail="login with hunter2-secret failed")])
    desk.deliver("failed_run")
    [incident] = store.incidents()
    [(_, mail)] = post.sent
    assert "login with *** failed" in mail.text
    assert "hunter2" not in incident.story + mail.text + mail.html
