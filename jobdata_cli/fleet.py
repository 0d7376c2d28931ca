"""``jobdata fleet``: what a fleet would cost, what runs, stop everything, and the wheels that nodes get."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from jobdata_cli.output import AsJson, print_json, print_table

if TYPE_CHECKING:
    from jobdata_resources.fleet.fleet import Fleet, Status

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Crawl instances in the cloud: plan, look, stop.")

_PLATFORM = "manylinux2014_x86_64"
_PIP = "25.3"


@app.command("plan")
def plan_command(
    instances: Annotated[int | None, typer.Option("--instances", min=1, help="default FLEET_INSTANCES")] = None,
    as_json: AsJson = False,
) -> None:
    """Show where a fleet would be started now and what it would cost at most. Starts nothing."""
    fleet = _open()
    fleet.settings.check()
    plan, status = fleet.plan(instances), fleet.status()
    order = [(f"{number}.", offer) for number, offer in enumerate(plan.offers, 1)]
    order += [("above FLEET_PRICE_LIMIT", offer) for offer in plan.too_dear]
    places = [
        {"zone": offer.zone, "type": offer.type, "cny_an_hour": offer.price, "taken": taken} for taken, offer in order
    ]
    data = {
        "instances": plan.instances,
        "hours_at_most": plan.hours,
        "cny_at_most": plan.cost,
        "places": places,
        "today": _today(status),
    }
    if as_json:
        print_json(data)
        return
    print_table(("taken", "zone", "type", "cny_an_hour"), places, empty="none of FLEET_TYPES is sold there")
    typer.echo(
        f"{plan.instances} instances for {plan.hours:g} h at most: CNY {plan.cost:.2f} at the first price, without"
        " traffic; they are released when the work is done"
    )
    _print_today(_today(status))


@app.command("status")
def status_command(as_json: AsJson = False) -> None:
    """Show the instances there are, the boards that are open, and what today holds of its caps."""
    status = _open().status()
    rows = [
        {
            "instance": one.id,
            "board": one.tags.get("run", ""),
            "status": "Recycling" if one.recycling else one.status,
            "zone": one.zone,
            "type": one.type,
            "addresses": " ".join(one.addresses),
            "expires": one.tags.get("expires", ""),
        }
        for one in status.instances
    ]
    data = {"instances": rows, "open_boards": list(status.open_boards), "today": _today(status)}
    if as_json:
        print_json(data)
        return
    columns = ("instance", "board", "status", "zone", "type", "addresses", "expires")
    print_table(columns, rows, empty="no instances")
    typer.echo(f"open boards: {', '.join(status.open_boards) or 'none'}")
    _print_today(_today(status))


@app.command("stop")
def stop_command(
    everything: Annotated[bool, typer.Option("--all", help="every instance of this project")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell the nodes to stop and delete every instance of the project. What is landed is kept."""
    from crawler_core.errors import BadInput

    if not everything:
        raise BadInput("say what to stop: `jobdata fleet stop --all` deletes every instance of this project")
    stopped = _open().stop_all("jobdata fleet stop --all")
    if as_json:
        print_json({"deleted": stopped})
    else:
        typer.echo(f"deleted: {', '.join(stopped)}" if stopped else "there was no instance")


@app.command("wheels")
def wheels_command(
    python: Annotated[str, typer.Option("--python", help="version on FLEET_IMAGE")] = "3.12",
) -> None:
    """Fetch the wheels that go to the nodes, as pinned in the lock file, into **JOBDATA_HOME**/fleet/wheels."""
    from crawler_core.errors import BadInput
    from jobdata_resources.fleet.artefact import node_lock

    folder = _open().wheels
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "requirements.lock"
    lock.write_text(node_lock(), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--dest", str(folder)]
    target = ["--only-binary=:all:", "--python-version", python, "--implementation", "cp", "--platform", _PLATFORM]
    for what in (["--no-deps", "--require-hashes", "--requirement", str(lock)], ["--no-deps", f"pip=={_PIP}"]):
        done = subprocess.run([*pip, *target, *what], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BadInput(f"the wheels were not fetched: {done.stderr.strip()[-500:]}")
    typer.echo(f"{len(list(folder.glob('*.whl')))} wheels in {folder}")


def _open() -> Fleet:
    from crawler_core.landing import LandingZone
    from crawler_core.settings import CrawlSettings, load
    from jobdata_resources.fleet.fleet import Fleet

    crawl = load(CrawlSettings)
    return Fleet(LandingZone.from_url(crawl.landing_url, s3_endpoint=crawl.landing_s3_endpoint))


def _today(status: Status) -> dict[str, dict[str, float]]:
    today, caps = status.today, status.caps
    return {
        "instances": {"booked": today.instances, "cap": caps.instances},
        "hours": {"booked": round(today.hours, 3), "cap": caps.hours},
        "cny": {"booked": round(today.cost, 3), "cap": caps.cost},
    }


def _print_today(today: dict[str, dict[str, float]]) -> None:
    parts = (f"{name} {values['booked']:g} of {values['cap']:g}" for name, values in today.items())
    typer.echo(f"booked today: {', '.join(parts)}")
