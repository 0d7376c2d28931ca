"""Who may call what: signatures, keys of STS, policies."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from Tea.exceptions import TeaException

from sandbox.ecs.config import Key
from sandbox.ecs.policy import Deed, read_policy, refusal
from sandbox.ecs.sign import ALGORITHM, Keyring
from sandbox.ecs.wire import ApiError
from sandbox.wire import Ask
from tests.support.ecs import REGION, Ecs

NODE_POLICY = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["ecs:RunInstances", "ecs:TagResources"],
            "Resource": "acs:ecs:cn-shanghai:*:*",
            "Condition": {"StringEquals": {"acs:RequestTag/app": ["jobdata"]}},
        },
        {
            "Effect": "Allow",
            "Action": ["ecs:DeleteInstances", "ecs:StopInstances"],
            "Resource": "acs:ecs:*:*:instance/*",
            "Condition": {"StringLike": {"acs:ResourceTag/app": "job*"}},
        },
        {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ecs:DescribePrice", "Resource": "*"},
        {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "acs:ram:*:*:role/jobdata-*"},
    ],
}


def code_of(call: Any) -> str:
    with pytest.raises(TeaException) as caught:
        call()
    return caught.value.code


def signed(nonce: str = "n1", *, at: float = 1_768_300_000.0, **change: Any) -> Ask:
    """A request signed by hand, from the published description; `change` alters it after signing."""
    key, secret = change.pop("key", "k"), change.pop("secret", "s3cret")
    query = {"RegionId": REGION, "Filter": "a b*c~d/é"}
    headers = {
        "host": "ecs.test",
        "x-acs-action": "DescribeRegions",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": "2014-05-26",
    }
    names = ";".join(sorted(headers))
    pairs = "&".join(f"{key}={quote(value, safe='~')}" for key, value in sorted(query.items()))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n/\n{pairs}\n{lines}\n{names}\n{headers['x-acs-content-sha256']}"
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = f"{ALGORITHM} Credential={key},SignedHeaders={names},Signature={signature}"
    target = f"/?{urlencode(query)}" + change.pop("more", "")
    return Ask("POST", target, headers | change, "127.0.0.1")


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({}, ""),
        ({"secret": "other"}, "SignatureDoesNotMatch"),
        ({"more": "&Amount=100"}, "SignatureDoesNotMatch"),
        ({"x-acs-action": "DeleteInstances"}, "SignatureDoesNotMatch"),
        ({"x-acs-content-sha256": "0" * 64}, "SignatureDoesNotMatch"),
        ({"key": "nobody"}, "InvalidAccessKeyId.NotFound"),
        ({"at": 1_768_300_000.0 - 901}, "InvalidTimeStamp.Expired"),
        ({"at": 1_768_300_000.0 + 901}, "InvalidTimeStamp.Expired"),
        ({"x-acs-date": "yesterday"}, "InvalidTimeStamp.Format"),
        ({"Authorization": "Basic abc"}, "MissingAuthorization"),
        ({"nonce": ""}, "MissingSignatureNonce"),
        ({"key": "sts"}, "InvalidAccessKeyId.NotFound"),
        ({"key": "sts", "x-acs-security-token": "wrong"}, "InvalidSecurityToken.MismatchWithAccessKey"),
        ({"key": "old", "x-acs-security-token": "t"}, "InvalidSecurityToken.Expired"),
    ],
)
def test_a_signature_is_checked_against_the_wire(ask, code) -> None:
    keys = (Key("k", "s3cret"), Key("sts", "s3cret", token="t"), Key("old", "s3cret", token="t", expires=1.0))
    ring = Keyring(keys, lambda: 1_768_300_000.0)
    if not code:
        assert ring.check(signed(**ask)).id == "k"
        return
    with pytest.raises(ApiError) as caught:
        ring.check(signed(**ask))
    assert caught.value.code == code


def test_a_nonce_is_good_once_and_forgotten_after_the_window() -> None:
    clock = [1_768_300_000.0]
    ring = Keyring([Key("k", "s3cret")], lambda: clock[0])
    ring.check(signed("n1"))
    ring.check(signed("n2"))
    with pytest.raises(ApiError, match="SignatureNonceUsed"):
        ring.check(signed("n1"))
    clock[0] += 1_000
    assert ring.check(signed("n1", at=clock[0])).id == "k"


def test_the_sdk_is_told_what_is_wrong_with_its_key(ecs: Ecs) -> None:
    key, secret = ecs.env["ALIBABA_CLOUD_ACCESS_KEY_ID"], ecs.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    with pytest.raises(TeaException) as caught:
        ecs.list(client=ecs.connect(key, f"{secret}x"))
    error = caught.value
    assert (error.code, error.status_code) == ("SignatureDoesNotMatch", 400)
    assert {"Code", "Message", "RequestId", "HostId", "Recommend"} <= set(error.data)
    assert code_of(lambda: ecs.list(client=ecs.connect("LTAInobody", secret))) == "InvalidAccessKeyId.NotFound"
    sts = {"id": "STS.one", "secret": "x", "token": "tok", "expires": time.time() + 3600}
    ecs.control("POST", "/keys", sts)
    assert ecs.list(client=ecs.connect("STS.one", "x", security_token="tok")) == {}
    wrong = ecs.connect("STS.one", "x", security_token="other")
    assert code_of(lambda: ecs.list(client=wrong)) == "InvalidSecurityToken.MismatchWithAccessKey"
    ecs.control("DELETE", "/keys", {"id": "STS.one"})
    gone = ecs.connect("STS.one", "x", security_token="tok")
    assert code_of(lambda: ecs.list(client=gone)) == "InvalidAccessKeyId.NotFound"


def test_a_policy_bounds_what_a_key_can_do(ecs: Ecs) -> None:
    ecs.control("POST", "/keys", {"id": "LTAIfleet", "secret": "fleet", "policy": NODE_POLICY})
    without_roles = {"Version": "1", "Statement": NODE_POLICY["Statement"][:-1]}
    fleet = ecs.connect("LTAIfleet", "fleet")
    foreign = ecs.up(1, tags={"app": "shop"})
    own = ecs.up(1, client=fleet, tags={"app": "jobdata"}, ram_role_name="jobdata-node")
    assert set(ecs.list(client=fleet)) == {*foreign, *own}
    with pytest.raises(TeaException) as caught:
        ecs.delete([*own, *foreign], client=fleet)
    assert (caught.value.code, caught.value.status_code) == ("Forbidden.RAM", 403)
    detail = caught.value.access_denied_detail
    assert (detail["AuthAction"], detail["NoPermissionType"]) == ("ecs:DeleteInstances", "ImplicitDeny")
    assert set(ecs.list()) == {*foreign, *own}
    assert code_of(lambda: ecs.run(client=fleet, tags={"app": "shop"})) == "Forbidden.RAM"
    assert code_of(lambda: ecs.run(client=fleet)) == "Forbidden.RAM"
    ecs.control("POST", "/keys", {"id": "LTAInorole", "secret": "x", "policy": without_roles})
    norole, order = ecs.connect("LTAInorole", "x"), {"tags": {"app": "jobdata"}, "ram_role_name": "jobdata-node"}
    assert code_of(lambda: ecs.run(client=norole, **order)) == "InvalidUser.PassRoleForbidden"
    price = ecs.models.DescribePriceRequest(region_id=REGION, instance_type="ecs.c7.large", resource_type="instance")
    assert code_of(lambda: fleet.describe_price(price)) == "Forbidden.RAM"
    ecs.delete(own, client=fleet)
    assert set(ecs.list()) == set(foreign)


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        (Deed("ecs:DescribeInstances", "acs:ecs:cn-shanghai:1:instance/*"), ""),
        (Deed("ECS:describeinstances", "acs:ecs:cn-shanghai:1:instance/*"), ""),
        (Deed("ecs:DescribePrice", "*"), "ExplicitDeny"),
        (Deed("ecs:DeleteInstances", "acs:ecs:x:1:instance/i-1", {"acs:ResourceTag/app": "jobdata"}), ""),
        (Deed("ecs:DeleteInstances", "acs:ecs:x:1:instance/i-1", {"acs:ResourceTag/app": "shop"}), "ImplicitDeny"),
        (Deed("ecs:DeleteInstances", "acs:ecs:x:1:disk/d-1", {"acs:ResourceTag/app": "jobdata"}), "ImplicitDeny"),
        (Deed("ram:PassRole", "acs:ram:*:1:role/jobdata-node"), ""),
        (Deed("ram:PassRole", "acs:ram:*:1:role/admin"), "ImplicitDeny"),
    ],
)
def test_a_policy_is_read_as_ram_reads_it(deed, why) -> None:
    assert refusal(read_policy(NODE_POLICY), deed) == why


@pytest.mark.parametrize(
    "wrong",
    [
        [], {}, {"Statement": [{}]}, {"Statement": [{"Effect": "Allow", "Action": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {}}}]},
    ],
)  # fmt: skip
def test_a_policy_that_is_not_understood_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match="policy"):
        read_policy(wrong)
