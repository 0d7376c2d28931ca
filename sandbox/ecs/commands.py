"""Cloud Assistant: commands sent to instances and what became of them.

What belongs here: the life of a command on each of its instances, and its JSON. What does not: parameters of calls.

    Pending -> Running -> Success | Failed | Timeout | Terminated
    Pending -> Aborted (not delivered in time, or the instance is not Running)
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.ecs.cloud import Cloud
from sandbox.ecs.faults import Subject
from sandbox.ecs.instance import Instance
from sandbox.ecs.machine import Script
from sandbox.ecs.wire import stamp

DELIVERY_SECONDS: Final = 60.0
OUTPUT_BYTES: Final = 24 * 1024
_OPEN: Final = ("Pending", "Running", "Stopping")
_RECORD: Final = {"Success": "Finished", "Timeout": "Failed", "Terminated": "Stopped", "Aborted": "Failed"}


@dataclass(frozen=True)
class Command:
    """What RunCommand asked for, checked. `timeout` is in cloud seconds and not scaled."""

    id: str
    invoke_id: str
    content: bytes
    name: str = ""
    where: str = ""
    timeout: int = 60
    tree: bool = False
    kind: str = "RunShellScript"
    repeat: str = "Once"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Task:
    """A command on one instance; times are cloud seconds."""

    instance: Instance
    created: float
    loss: str = ""
    status: str = "Pending"
    started: float | None = None
    finished: float | None = None
    stopped: float | None = None
    exit_code: int | None = None
    error: str = ""
    script: Script | None = None
    output: bytes = b""
    dropped: int = 0

    @property
    def shown(self) -> str:
        """The status told: that of a lost result never ends."""
        if self.loss == "silent" or (self.loss == "result" and self.status not in _OPEN):
            return "Running"
        return self.status

    @property
    def open(self) -> bool:
        """True while it is not over."""
        return self.status in _OPEN

    def end(self, status: str, now: float, error: str = "") -> None:
        """Its last status; the output is kept."""
        self.status, self.finished, self.error = status, now, error
        self.refresh()

    def refresh(self) -> None:
        """Read the output so far."""
        if self.script is not None and self.script.output.exists():
            self.output, self.dropped = self.script.read(OUTPUT_BYTES)


@dataclass
class Invocation:
    """A command and its tasks, one an instance."""

    command: Command
    created: float
    tasks: list[Task]

    @property
    def status(self) -> str:
        """The status over all instances."""
        shown = {task.shown for task in self.tasks}
        if shown & set(_OPEN):
            return "Running" if "Running" in shown else min(shown & set(_OPEN))
        if shown == {"Success"}:
            return "Success"
        if shown == {"Terminated"}:
            return "Stopped"
        return "PartialFailed" if "Success" in shown else "Failed"


class Assistant:
    """All invocations of a cloud, newest first when listed."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.invocations: dict[str, Invocation] = {}
        self._open: list[tuple[Command, Task]] = []
        self._commands = 0
        self._tasks = 0

    def identities(self) -> tuple[str, str]:
        """The ids of a new command and its invocation."""
        self._commands += 1
        return self._cloud.identity("c-sh", self._commands), self._cloud.identity("t-sh", self._commands)

    def send(self, command: Command, instances: list[Instance]) -> Invocation:
        """Accept a command; it is carried out by `tick`."""
        now, tasks = self._cloud.now(), []
        for one in instances:
            self._tasks += 1
            hits = self._cloud.faults.take(
                Subject(
                    "command", "RunCommand", self._tasks, one.order.offer.zone, one.order.offer.type, instance=one.id
                )
            )
            loss = hits["lose_command"].get("how", "never_runs") if "lose_command" in hits else ""
            tasks.append(Task(one, now, loss))
        made = self.invocations[command.invoke_id] = Invocation(command, now, tasks)
        self._open.extend((command, task) for task in tasks)
        self.tick()
        return made

    def tick(self) -> None:
        """Deliver what waits and end what is over."""
        now = self._cloud.now()
        for command, task in self._open:
            if task.open:
                self._advance(command, task, now)
        self._open = [pair for pair in self._open if pair[1].open]

    def stop(self, made: Invocation, only: set[str]) -> None:
        """End a command, on some instances or (empty) on all."""
        now = self._cloud.now()
        for task in made.tasks:
            if task.open and (not only or task.instance.id in only):
                if task.script is not None:
                    task.script.kill(tree=True)
                task.stopped = now
                task.end("Terminated", now)

    def active(self, one: Instance) -> list[Task]:
        """An instance's open tasks."""
        return [task for _, task in self._open if task.open and task.instance is one]

    def sent(self, one: Instance) -> list[Task]:
        """All tasks of an instance."""
        return [task for made in self.invocations.values() for task in made.tasks if task.instance is one]

    def _advance(self, command: Command, task: Task, now: float) -> None:
        one = task.instance
        if task.script is not None:
            self._follow(command, task, now)
        elif one.gone_at is not None:
            task.end("Aborted", now, "InstanceReleased")
        elif one.status != "Running":
            task.end("Aborted", now, "InstanceNotRunning")
        elif task.loss in ("never_runs", "silent") or one.hung_at is not None or not one.assistant(now):
            if task.loss != "silent" and now - task.created >= self._cloud.scaled(DELIVERY_SECONDS):
                task.end("Aborted", now, "ClientNotRunning" if not one.assistant(now) else "DeliveryTimeout")
        else:
            self._run(command, task, now)

    def _run(self, command: Command, task: Task, now: float) -> None:
        machine = task.instance.machine
        where = None if machine is None else machine.place(command.where)
        if machine is None or where is None:
            return task.end("Failed", now, "DirectoryNotExists")
        task.status, task.started = "Running", now
        try:
            task.script = machine.start(f"{command.invoke_id}", command.content, where)
        except OSError as error:
            task.output = str(error).encode()
            return task.end("Failed", now, "ExecutionException")
        return None

    def _follow(self, command: Command, task: Task, now: float) -> None:
        script, one = task.script, task.instance
        if script is None or task.started is None:
            return None
        if one.gone_at is not None:
            return task.end("Failed", now, "InstanceReleased")
        if one.status != "Running":
            return task.end("Failed", now, "ExecutionInterrupted")
        if one.hung_at is not None:
            return None
        code = script.exit_code()
        if code is not None:
            task.exit_code = code
            return task.end("Success" if code == 0 else "Failed", now, "" if code == 0 else "ExitCodeNonzero")
        if now - task.started >= command.timeout:
            script.kill(tree=command.tree)
            return task.end("Timeout", now, "ExecutionTimeout")
        return None


def show_result(made: Invocation, task: Task, *, plain: bool) -> dict[str, Any]:
    """An element of DescribeInvocationResults."""
    task.refresh() if task.script is not None and task.open else None
    over = task.shown not in _OPEN
    output = b"" if task.loss == "result" else task.output
    facts: dict[str, Any] = {
        "CommandId": made.command.id,
        "InvokeId": made.command.invoke_id,
        "InstanceId": task.instance.id,
        "InvocationStatus": task.shown,
        "InvokeRecordStatus": _RECORD.get(task.shown, task.shown),
        "StartTime": stamp(task.started) if task.started is not None else "",
        "FinishedTime": stamp(task.finished) if over and task.finished is not None else "",
        "StopTime": stamp(task.stopped) if task.stopped is not None else "",
        "Repeats": 1 if task.started is not None else 0,
        "Dropped": task.dropped,
        "Output": output.decode(errors="replace") if plain else base64.b64encode(output).decode(),
        "Username": "root",
        "TerminationMode": "ProcessTree" if made.command.tree else "Process",
        "ErrorCode": task.error if over else "",
        "ErrorInfo": _WORDS.get(task.error, "") if over else "",
        "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in made.command.tags.items()]},
    }
    if over and task.exit_code is not None:
        facts["ExitCode"] = task.exit_code
    return facts


def show_invocation(made: Invocation, *, plain: bool, with_output: bool) -> dict[str, Any]:
    """An element of DescribeInvocations."""
    command, content = made.command, made.command.content
    each = []
    for task in made.tasks:
        result = show_result(made, task, plain=plain)
        each.append(
            {
                "InstanceId": task.instance.id,
                "CreationTime": stamp(task.created),
                "StartTime": result["StartTime"],
                "FinishTime": result["FinishedTime"],
                "StopTime": result["StopTime"],
                "UpdateTime": stamp(task.finished or task.started or task.created),
                "InvocationStatus": result["InvocationStatus"],
                "InstanceInvokeStatus": result["InvokeRecordStatus"],
                "Repeats": result["Repeats"],
                "ErrorCode": result["ErrorCode"],
                "ErrorInfo": result["ErrorInfo"],
                "Timed": False,
            }
            | ({"ExitCode": result["ExitCode"]} if "ExitCode" in result else {})
            | ({"Output": result["Output"], "Dropped": result["Dropped"]} if with_output else {})
        )
    return {
        "InvokeId": command.invoke_id,
        "CommandId": command.id,
        "CommandName": command.name,
        "CommandType": command.kind,
        "CommandContent": content.decode(errors="replace") if plain else base64.b64encode(content).decode(),
        "CommandDescription": "",
        "CreationTime": stamp(made.created),
        "Frequency": "",
        "Parameters": "{}",
        "RepeatMode": command.repeat,
        "Timed": False,
        "Timeout": command.timeout,
        "Username": "root",
        "WorkingDir": command.where,
        "InvocationStatus": made.status,
        "InvokeStatus": _RECORD.get(made.status, made.status) if made.status != "Success" else "Finished",
        "TerminationMode": "ProcessTree" if command.tree else "Process",
        "InvokeInstances": {"InvokeInstance": each},
        "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in command.tags.items()]},
    }


_WORDS: Final = {
    "InstanceReleased": "The instance was released.",
    "InstanceNotRunning": "The instance is not running.",
    "ClientNotRunning": "The Cloud Assistant Agent is not running.",
    "DeliveryTimeout": "The command could not be delivered in time.",
    "DirectoryNotExists": "The specified working directory does not exist.",
    "ExecutionTimeout": "The command timed out.",
    "ExecutionInterrupted": "The execution was interrupted.",
    "ExecutionException": "The command could not be started.",
    "ExitCodeNonzero": "The command ended with an exit code that is not 0.",
}
