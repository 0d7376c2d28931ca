"""Actions on instances that exist: list, start, stop, reboot, release, tag.

What belongs here: parameters, permissions and answers. What does not: what a state is, see `cloud`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.ecs.api import Call
from sandbox.ecs.birth import release_time
from sandbox.ecs.instance import Instance
from sandbox.ecs.wire import ApiError, Page, invalid, json_list, missing, paged

STATES: Final = ("Pending", "Running", "Starting", "Stopping", "Stopped")
_WRONG_STATE: Final = "The current status of the resource does not support this operation."


def describe_instances(call: Call) -> dict[str, Any]:
    """Filter and page, newest first; an instance not visible yet is missed."""
    params = call.params
    call.region()
    call.permit_list()
    ids, tags = params.get("InstanceIds"), params.tags()
    wanted = set(json_list("InstanceIds", ids)) if ids else None
    if wanted is not None and len(wanted) > 100:
        raise ApiError(400, "InvalidInstanceIds.Malformed", "At most 100 instances can be given.")
    status = params.get("Status")
    if status and status not in STATES:
        raise invalid("Status", f"Valid values: {', '.join(STATES)}.")
    now = call.cloud.now()
    tests: dict[str, Callable[[Instance], str]] = {
        "ZoneId": lambda one: one.order.offer.zone,
        "InstanceType": lambda one: one.order.offer.type,
        "VSwitchId": lambda one: one.order.vswitch,
        "InstanceName": lambda one: one.order.name or one.id,
        "LockReason": lambda one: "recycling" if one.recycling else "",
    }
    equal = {name: params.get(name) for name in tests if params.get(name)}
    found = [
        one
        for one in reversed(call.cloud.instances.values())
        if now >= one.visible
        and (wanted is None or one.id in wanted)
        and (not status or one.status == status)
        and _tagged(one, tags)
        and all(tests[name](one) == value for name, value in equal.items())
    ]
    page = paged(params, found)
    return {"Instances": {"Instance": [one.show() for one in page.items]}, **page.facts()}


def describe_instance_status(call: Call) -> dict[str, Any]:
    """Id and status, by page; unknown ids are left out."""
    params = call.params
    call.region()
    call.permit_list()
    wanted = set(params.list("InstanceId"))
    zone, now = params.get("ZoneId"), call.cloud.now()
    found = [
        one
        for one in call.cloud.instances.values()
        if now >= one.visible and (not wanted or one.id in wanted) and (not zone or one.order.offer.zone == zone)
    ]
    page = paged(params, found, most=100)
    statuses = [{"InstanceId": one.id, "Status": one.status} for one in page.items]
    return {"InstanceStatuses": {"InstanceStatus": statuses}, **_numbers(page)}


def start_instance(call: Call) -> dict[str, Any]:
    """Start one stopped instance."""
    _start(call, call.instances([call.params.need("InstanceId")]))
    return {}


def start_instances(call: Call) -> dict[str, Any]:
    """Start several."""
    return _several(call, "Stopped", _start)


def stop_instance(call: Call) -> dict[str, Any]:
    """Stop one running instance."""
    _stop(call, call.instances([call.params.need("InstanceId")]))
    return {}


def stop_instances(call: Call) -> dict[str, Any]:
    """Stop several."""
    return _several(call, "Running", _stop)


def reboot_instance(call: Call) -> dict[str, Any]:
    """Kill what a running instance runs, and start it again."""
    found = call.instances([call.params.need("InstanceId")])
    call.permit_on(found)
    for one in found:
        _need(one, "Running")
        call.cloud.stop(one, charging=True)
        call.cloud.start(one)
    return {}


def delete_instance(call: Call) -> dict[str, Any]:
    """Release one instance."""
    _delete(call, call.instances([call.params.need("InstanceId")]))
    return {}


def delete_instances(call: Call) -> dict[str, Any]:
    """Release up to 100 instances, all or none."""
    call.region()
    _delete(call, call.instances(call.params.list("InstanceId")))
    return {}


def modify_auto_release(call: Call) -> dict[str, Any]:
    """Set the time of the automatic release, or take it away."""
    found = call.instances([call.params.need("InstanceId")])
    call.permit_on(found)
    at = release_time(call, call.params.get("AutoReleaseTime"))
    for one in found:
        one.auto_release = at
    return {}


def tag_resources(call: Call) -> dict[str, Any]:
    """Put tags on instances, replacing those of equal key."""
    found = _tag_targets(call)
    tags = call.params.tags()
    if not tags:
        raise missing("Tag")
    call.permit_on(found, {f"acs:RequestTag/{key}": value for key, value in tags.items()})
    for one in found:
        if len(one.tags | tags) > 20:
            raise ApiError(403, "QuotaExceed.Tags", "The maximum number of tags is exceeded.")
    for one in found:
        one.tags |= tags
    return {}


def untag_resources(call: Call) -> dict[str, Any]:
    """Take tags off instances."""
    found = _tag_targets(call)
    call.permit_on(found)
    keys, everything = call.params.list("TagKey"), call.params.flag("All")
    for one in found:
        one.tags = {key: value for key, value in one.tags.items() if not everything and key not in keys}
    return {}


def list_tag_resources(call: Call) -> dict[str, Any]:
    """One element an instance and tag."""
    params = call.params
    call.region()
    if params.need("ResourceType") != "instance":
        raise ApiError(404, "InvalidResourceType.NotFound", "The ResourceType provided does not exist in our records.")
    call.permit_list()
    ids, tags = params.list("ResourceId"), params.tags()
    found = [
        {"ResourceType": "instance", "ResourceId": one.id, "TagKey": key, "TagValue": value}
        for one in call.cloud.instances.values()
        if (not ids or one.id in ids) and _tagged(one, tags)
        for key, value in one.tags.items()
        if not tags or key in tags
    ]
    page = paged(params, found, default=50)
    return {"TagResources": {"TagResource": list(page.items)}, "NextToken": page.next_token}


def _tag_targets(call: Call) -> list[Instance]:
    call.region()
    if call.params.need("ResourceType") != "instance":
        raise ApiError(404, "InvalidResourceType.NotFound", "The ResourceType provided does not exist in our records.")
    ids = call.params.list("ResourceId")
    return call.instances(ids, parameter="ResourceId", code="InvalidResourceId.NotFound")


def _several(call: Call, state: str, act: Any) -> dict[str, Any]:
    call.region()
    found = call.instances(call.params.list("InstanceId"))
    how = call.params.choice("BatchOptimization", "AllTogether", ("AllTogether", "SuccessFirst"))
    before = {one.id: one.status for one in found}
    good = [one for one in found if one.status == state]
    act(call, found if how == "AllTogether" else good)
    answers = [
        {
            "InstanceId": one.id,
            "PreviousStatus": before[one.id],
            "CurrentStatus": one.status,
            "Code": "200" if one in good else "403",
            "Message": "success" if one in good else _WRONG_STATE,
        }
        for one in found
    ]
    return {"InstanceResponses": {"InstanceResponse": answers}}


def _start(call: Call, found: list[Instance]) -> None:
    call.permit_on(found)
    for one in found:
        _need(one, "Stopped")
    _dry(call)
    for one in found:
        call.cloud.start(one)


def _stop(call: Call, found: list[Instance]) -> None:
    call.permit_on(found)
    mode = call.params.choice("StoppedMode", "KeepCharging", ("KeepCharging", "StopCharging"))
    for one in found:
        _need(one, "Running")
    _dry(call)
    for one in found:
        call.cloud.stop(one, charging=mode == "KeepCharging")


def _delete(call: Call, found: list[Instance]) -> None:
    call.permit_on(found)
    force = call.params.flag("Force")
    for one in found:
        if one.status == "Pending":
            raise ApiError(403, "IncorrectInstanceStatus.Initializing", "The specified instance is initializing.")
        if not force and one.status != "Stopped":
            raise ApiError(403, "IncorrectInstanceStatus", _WRONG_STATE)
    _dry(call, "DRYRUN.SUCCESS")
    call.cloud.release(found, "released")


def _dry(call: Call, code: str = "DryRunOperation") -> None:
    if call.params.flag("DryRun"):
        raise ApiError(400, code, "Request validation has been passed with DryRun flag set.")


def _need(one: Instance, state: str) -> None:
    if one.status != state:
        raise ApiError(403, "IncorrectInstanceStatus", _WRONG_STATE)


def _tagged(one: Instance, tags: dict[str, str]) -> bool:
    return all(key in one.tags and value in ("", one.tags[key]) for key, value in tags.items())


def _numbers(page: Page) -> dict[str, Any]:
    return {"TotalCount": page.total, "PageNumber": page.number, "PageSize": page.size}
