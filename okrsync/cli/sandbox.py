"""`okrsync sandbox`: trackers on this machine, to try things out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import FAILED
from okrsync.cli.options import command, json_option
from okrsync.cli.working import Ended

if TYPE_CHECKING:
    from okrsync.sandbox.company import Premises, SiteName

DEMO = "okrsync-demo"
TOKEN_VARIABLE = "OKRSYNC_SANDBOX_TOKEN"  # noqa: S105 - a variable's name
_SITES = ("jira-cloud", "jira-dc", "github")
_PORT = click.IntRange(1, 65535)


@command("sandbox")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--only", type=click.Choice(_SITES), multiple=True, help="Serve only this; may be given twice.")
@click.option("--fresh", is_flag=True, help="Serve empty trackers that nothing keeps, whatever is saved here.")
@click.option("--port-base", type=click.IntRange(1, 65533), metavar="PORT", help="The first of three ports in a row.")
@click.option("--jira-port", type=_PORT, metavar="PORT", help="The port of Jira Cloud.")
@click.option("--jira-dc-port", type=_PORT, metavar="PORT", help="The port of Jira Data Center.")
@click.option("--github-port", type=_PORT, metavar="PORT", help="The port of GitHub.")
@click.option(
    "--latency", type=click.IntRange(0, 60_000), default=0, metavar="MS", help="Let every request take longer."
)
@click.option(
    "--lag", type=click.IntRange(0, 3600), default=0, metavar="SECONDS", help="Let searches see writes later."
)
@json_option
def sandbox(call: Call, as_json: bool, **options: Any) -> None:
    """Serve trackers on this machine to try things out: a Jira Cloud, a Jira Data Center and a GitHub.

    What is in them is kept in DIRECTORY. Default: okrsync-demo, or the folder in which you are, where a sandbox is kept
    there; else the trackers are empty but for one project with the usual fields, and are forgotten in the end.
    Ctrl-C or SIGTERM ends it.
    """
    from okrsync.cli.stopping import stoppable
    from okrsync.sandbox.company import InUse, PortTaken, Premises
    from okrsync.sandbox.company.premises import kept
    from okrsync.sandbox.serving import serve_forever

    if options["fresh"] and options["directory"]:
        raise click.UsageError("--fresh keeps nothing, so it takes no directory")
    stop = threading.Event()
    try:
        folder = None if options["fresh"] else _folder(options["directory"])
        saved = kept(folder) if folder else None
        with stoppable(stop), Premises(_names(options["only"], saved.ports if saved else {})) as premises:
            if folder and saved and saved.ports:
                premises.take_over(folder)
            else:
                premises.furnish()
            premises.slow_down(timedelta(milliseconds=options["latency"]), timedelta(seconds=options["lag"]))
            premises.serve({**(saved.ports if saved else {}), **_ports(options)})
            if folder:
                premises.keep_in(folder)
            _say_ready(call, premises, folder, as_json=as_json, empty=not (saved and saved.ports))
            serve_forever(list(premises.servers.values()), until=stop)
    except PortTaken as taken:
        option = {"jira-cloud": "--jira-port"}.get(taken.site, f"--{taken.site}-port")
        if options["port_base"] and not options[option.strip("-").replace("-", "_")]:
            option = "--port-base"
        raise Ended(
            f"{taken}: end that program, or choose another port with {option} and change the url in okrsync.toml too",
            FAILED,
        ) from taken
    except (InUse, ValueError) as error:
        raise Ended(str(error), FAILED) from error


def _folder(named: Path | None) -> Path | None:
    """The folder that keeps the sandbox; None where nothing shall keep it."""
    from okrsync.sandbox.company.premises import kept

    if named is not None:
        return named
    return next((each for each in (Path(), Path(DEMO)) if kept(each).ports), None)


def _names(only: tuple[str, ...], saved: Mapping[SiteName, int]) -> list[SiteName]:
    from okrsync.sandbox.company import SiteName

    known = list(saved) or list(SiteName)
    missing = [name for name in only if name not in known]
    if missing:
        raise click.UsageError(f"{missing[0]} is not in this sandbox; it has {', '.join(known)}")
    return [name for name in known if name in only or not only]


def _ports(options: Mapping[str, Any]) -> dict[SiteName, int]:
    """The ports that somebody asked for."""
    from okrsync.sandbox.company import SiteName

    base = options["port_base"]
    ports = {name: base + number for number, name in enumerate(SiteName)} if base else {}
    asked = zip(SiteName, ("jira_port", "jira_dc_port", "github_port"), strict=True)
    return ports | {name: options[option] for name, option in asked if options[option]}


def _say_ready(call: Call, premises: Premises, folder: Path | None, *, as_json: bool, empty: bool) -> None:
    import json

    if as_json:
        ready = {"sites": premises.urls, "directory": str(folder) if folder else None, "token_env": TOKEN_VARIABLE}
        call.screen.lines([json.dumps(ready)])
    elif not call.quiet:
        call.screen.lines(_ready(premises, folder, empty=empty))


def _ready(premises: Premises, folder: Path | None, *, empty: bool) -> Iterator[str]:
    from okrsync.sandbox.company.premises import TITLES

    for name, url in premises.urls.items():
        yield f"{TITLES[name]:<18}{url}"
    if folder:
        yield f"What is in them is kept in {folder / 'sandbox'}."
    if empty:
        yield from _how_to_use(premises)
    url = next(iter(premises.urls.values()))
    yield ""
    yield "To see what happens when a tracker fails (kinds: docs/how-to/try-on-the-sandbox.md):"
    yield f"""  curl -d '{{"kind": "status", "status": 503, "times": 3}}' {url}/_sandbox/faults"""
    yield f"  curl -X DELETE {url}/_sandbox/faults"
    yield f"  curl {url}/_sandbox/requests"
    yield ""
    yield "Ctrl-C ends it."


def _how_to_use(premises: Premises) -> Iterator[str]:
    from okrsync.sandbox.company.planning import settings_for
    from okrsync.sandbox.company.premises import TOKEN

    yield ""
    yield "For okrsync.toml:"
    yield ""
    yield from (f"  {line}".rstrip() for line in settings_for(premises.urls, TOKEN_VARIABLE).splitlines())
    yield ""
    yield "In the shell in which okrsync runs:"
    yield ""
    yield f"  export {TOKEN_VARIABLE}={TOKEN}"
