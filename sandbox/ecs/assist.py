"""Actions of the Cloud Assistant.

What belongs here: parameters, permissions and answers. What does not: the life of a command, see `commands`.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from sandbox.ecs.api import Call
from sandbox.ecs.commands import Command, Invocation, show_invocation, show_result
from sandbox.ecs.policy import Deed
from sandbox.ecs.wire import ApiError, from_base64, invalid, paged, stamp

LEAST_TIMEOUT: Final = 10
CONTENT_BYTES: Final = 24 * 1024  # after Base64


def run_command(call: Call) -> dict[str, Any]:
    """Send a script to up to 100 instances; a known client token answers what it answered before."""
    params = call.params
    call.region()
    token = params.get("ClientToken")
    known = call.desk.tokens.get(f"command {token}") if token else None
    if known is not None and not isinstance(known[1], ApiError):
        return known[1]
    kind = params.need("Type")
    if kind != "RunShellScript":
        raise ApiError(400, "InvalidParameter.Type", "Only RunShellScript runs on Linux.")
    content = _content(call)
    found = call.instances(params.list("InstanceId"), code="InvalidInstance.NotFound")
    call.permit(Deed("ecs:RunCommand", call.name("command", "*")))
    call.permit_on(found)
    if any(one.status != "Running" for one in found):
        raise ApiError(403, "InvalidInstance.NotRunning", "The specified instance is not running.")
    if params.choice("RepeatMode", "Once", ("Once", "Period", "NextRebootOnly", "EveryReboot", "DryRun")) == "DryRun":
        raise ApiError(400, "DryRunOperation", "Request validation has been passed with DryRun flag set.")
    if params.get("RepeatMode", "Once") not in ("", "Once"):
        raise invalid("RepeatMode", "Only Once is offered.")
    command_id, invoke_id = call.desk.assistant.identities()
    command = Command(
        command_id,
        invoke_id,
        content,
        name=params.get("Name"),
        where=params.get("WorkingDir"),
        timeout=params.number("Timeout", 60, LEAST_TIMEOUT, 86_400),
        tree=params.choice("TerminationMode", "Process", ("Process", "ProcessTree")) == "ProcessTree",
        tags=params.tags(),
    )
    call.desk.assistant.send(command, found)
    body = {"CommandId": command_id, "InvokeId": invoke_id}
    if token:
        call.desk.tokens[f"command {token}"] = (dict(params.values), body)
    return body


def _content(call: Call) -> bytes:
    text = call.params.need("CommandContent")
    if call.params.choice("ContentEncoding", "PlainText", ("PlainText", "Base64")) == "PlainText":
        text = base64.b64encode(text.encode()).decode()
    return from_base64(
        text,
        CONTENT_BYTES * 3 // 4,
        too_long=ApiError(403, "CmdContent.ExceedLimit", "The maximum length of a command is exceeded."),
        malformed=ApiError(400, "CmdContent.DecodeError", "The CommandContent can not be base64 decoded."),
    )


def describe_invocations(call: Call) -> dict[str, Any]:
    """Invocations, newest first, each with its instances."""
    call.region()
    call.permit_list()
    plain = _plain(call)
    page = paged(call.params, _chosen(call))
    with_output = call.params.flag("IncludeOutput")
    shown = [show_invocation(one, plain=plain, with_output=with_output) for one in page.items]
    return {"Invocations": {"Invocation": shown}, **page.facts()}


def describe_invocation_results(call: Call) -> dict[str, Any]:
    """One element an invocation and instance."""
    call.region()
    call.permit_list()
    plain, wanted = _plain(call), call.params.get("InstanceId")
    status = call.params.get("InvokeRecordStatus")
    found = [
        show_result(made, task, plain=plain)
        for made in _chosen(call)
        for task in made.tasks
        if not wanted or task.instance.id == wanted
    ]
    page = paged(call.params, [one for one in found if not status or one["InvokeRecordStatus"] == status], most=50)
    return {"Invocation": {"InvocationResults": {"InvocationResult": list(page.items)}, **page.facts()}}


def stop_invocation(call: Call) -> dict[str, Any]:
    """End a command on some or all of its instances."""
    call.region()
    made = call.desk.assistant.invocations.get(call.params.need("InvokeId"))
    if made is None:
        raise ApiError(404, "InvalidInvoke.NotFound", "The specified InvokeId does not exist.")
    call.permit_on(task.instance for task in made.tasks)
    call.desk.assistant.stop(made, set(call.params.list("InstanceId")))
    return {}


def assistant_status(call: Call) -> dict[str, Any]:
    """Whether the Cloud Assistant of instances can be reached."""
    call.region()
    call.permit_list()
    wanted, now = set(call.params.list("InstanceId")), call.cloud.now()
    shown = []
    for one in call.cloud.instances.values():
        if wanted and one.id not in wanted:
            continue
        up = one.assistant(now) and now - one.heartbeat(now) < call.cloud.scaled(60.0)
        sent = call.desk.assistant.sent(one)
        last = max((task.created for task in sent), default=None)
        shown.append(
            {
                "InstanceId": one.id,
                "CloudAssistantStatus": "true" if up else "false",
                "CloudAssistantVersion": "2.2.4.1018" if one.assistant(now) else "",
                "LastHeartbeatTime": stamp(one.heartbeat(now)) if one.assistant(now) else "",
                "LastInvokedTime": "" if last is None else stamp(last),
                "InvocationCount": len(sent),
                "ActiveTaskCount": len(call.desk.assistant.active(one)),
                "OSType": "Linux",
                "SupportSessionManager": True,
            }
        )
    page = paged(call.params, shown, most=50, whole=bool(wanted))
    return {"InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": list(page.items)}, **page.facts()}


def _plain(call: Call) -> bool:
    return call.params.choice("ContentEncoding", "Base64", ("Base64", "PlainText")) == "PlainText"


def _chosen(call: Call) -> list[Invocation]:
    params = call.params
    invoke, command, name = params.get("InvokeId"), params.get("CommandId"), params.get("CommandName")
    instance, tags = params.get("InstanceId"), params.tags()
    return [
        made
        for made in reversed(call.desk.assistant.invocations.values())
        if invoke in ("", made.command.invoke_id)
        and command in ("", made.command.id)
        and name in ("", made.command.name)
        and (not instance or instance in {task.instance.id for task in made.tasks})
        and all(made.command.tags.get(key) == value for key, value in tags.items())
    ]
