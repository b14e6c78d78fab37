"""`okrsync install-service`: the systemd unit for this workspace, shown or written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import DONE
from okrsync.cli.options import command, dry_run_option
from okrsync.problems import Problem, Problems

if TYPE_CHECKING:
    from okrsync.cli.service_units import Service
    from okrsync.settings import Settings, TokenSource

_STATE = Path("/var/lib")


@command("install-service")
@click.option("--user", "for_user", is_flag=True, help="A service that you run as yourself, without root.")
@click.option("--account", metavar="NAME", help="The account that it runs as. Default: who owns the settings' folder.")
@click.option("--timer", is_flag=True, help="A run every quarter of an hour, instead of the daemon.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIRECTORY",
    help="Where the units are written. Default: where systemd looks for them.",
)
@click.option("--force", is_flag=True, help="Write over units that are there.")
@dry_run_option
def install_service(
    call: Call, for_user: bool, account: str | None, timer: bool, into: Path | None, force: bool, dry_run: bool
) -> int:
    """Write the systemd units that keep this workspace up to date, and say what to do next.

    They name this installation of okrsync, this workspace, and the credentials that its settings ask for. Nothing is
    started. --dry-run shows them.
    """
    from okrsync.cli.service_units import daemon_unit, once_unit, timer_unit

    settings = call.workspace().settings
    service = _service(settings, for_user=for_user, account=account)
    units = {f"{service.name}.service": daemon_unit(service)}
    if timer:
        units = {f"{service.name}.service": once_unit(service), f"{service.name}.timer": timer_unit(service)}
    folder = into or _unit_folder(for_user=for_user)
    if dry_run:
        for name, text in units.items():
            call.screen.lines([f"# {folder / name}", *text.splitlines(), ""])
    else:
        _write(folder, units, force=force)
        call.screen.lines(["written:", *(f"  {folder / name}" for name in units), ""])
    if not call.quiet:
        call.screen.lines(["next:", *(f"  {line}" for line in _next(settings, service, units))])
    return DONE


def _service(settings: Settings, *, for_user: bool, account: str | None) -> Service:
    from okrsync.cli.service_units import Service

    folder, cache = settings.folder.resolve(), settings.cache_file.resolve()
    service = Service(
        workspace=settings.workspace,
        program=str(_program()),
        settings=str(settings.path.resolve()),
        folder=str(folder),
        for_user=for_user,
        credentials=tuple(_credentials(settings)),
        environment_file=str(folder / "okrsync.env") if any(each.env for each in _kept(settings)) else None,
    )
    if for_user:
        if account:
            raise click.UsageError("--account is for services of the system; a service of --user runs as you")
        return service
    places = [folder, cache, settings.documents_folder.resolve(), Path(service.program)]
    places += [Path(sys.executable).resolve(), Path(sys.base_prefix).resolve()]
    places += [settings.path_of(each.file).resolve() for each in _kept(settings) if each.file]
    service = replace(service, reads_home=any(_is_in_a_home(each) for each in places))
    if account is None and cache.is_relative_to(_STATE / "okrsync") and cache.parent != _STATE / "okrsync":
        # The account is made up anew for each start, and owns what is below /var/lib alone.
        state = cache.parent.relative_to(_STATE)
        return replace(service, folder=str(cache.parent), state=str(state))
    writes = {str(cache.parent)}
    if any(each.authority != "documents" for each in settings.mappings):
        writes.add(str(settings.documents_folder.resolve()))
    return replace(service, account=account or _owner(folder), writes=tuple(sorted(writes)))


def _program() -> Path:
    """The program of this installation."""
    beside = Path(sys.executable).parent / "okrsync"
    if beside.is_file():
        return beside
    found = Path(sys.argv[0]).absolute()
    if found.is_file() and os.access(found, os.X_OK):
        return found
    raise Problems([Problem("okrsync", 0, "", f"is no program beside {sys.executable}", do="Install it with pip.")])


def _owner(folder: Path) -> str:
    import pwd

    number = folder.stat().st_uid
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    if number == 0:
        found = "belongs to root, and okrsync needs no root"
        do = (
            "Make an account that owns it (useradd --system okrsync, then chown -R okrsync: on the folder), or name one"
            " with --account, or keep the cache below /var/lib/okrsync/NAME/."
        )
        raise Problems([Problem(str(folder), 0, "", found, do=do)])
    return name


def _is_in_a_home(path: Path) -> bool:
    return any(path.is_relative_to(home) for home in ("/home", "/root", "/run/user"))


def _kept(settings: Settings) -> list[TokenSource]:
    """Where each secret of the settings is kept."""
    every = [each.token for each in settings.trackers.values()]
    every += [each for source in settings.sources.values() for each in (source.token, source.password) if each]
    every += [each for way in settings.notify.values() for each in (way.url, way.token, way.password) if each]
    return every


def _credentials(settings: Settings) -> Iterator[tuple[str, str]]:
    folder = settings.folder.resolve() / "credentials"
    for name in dict.fromkeys(each.credential for each in _kept(settings) if each.credential):
        yield name, str(folder / name)


def _unit_folder(*, for_user: bool) -> Path:
    if not for_user:
        return Path("/etc/systemd/system")
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "systemd" / "user"


def _write(folder: Path, units: dict[str, str], *, force: bool) -> None:
    there = [name for name in units if (folder / name).exists()]
    changed = [name for name in there if (folder / name).read_text(encoding="utf-8") != units[name]]
    if changed and not force:
        raise Problems(
            [
                Problem(
                    str(folder / name),
                    0,
                    "",
                    "is there already, and says something else",
                    do="Look at it; --force writes over it.",
                )
                for name in changed
            ]
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in units.items():
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o644)
    except OSError as error:
        do = "Run it as root, or with --user for a service of your own; --dry-run only shows the units."
        raise Problems([Problem(str(folder), 0, "", f"cannot be written: {error.strerror}", do=do)]) from error


def _next(settings: Settings, service: Service, units: dict[str, str]) -> Iterator[str]:
    systemctl = "systemctl --user" if service.for_user else "systemctl"
    started = next(reversed(units))
    for name, path in service.credentials:
        yield f"put the credential {name} into {path} (chmod 600{'' if service.for_user else ', for root alone'})"
    variables = list(dict.fromkeys(each.env for each in _kept(settings) if each.env))
    if variables:
        lines = ", ".join(f"{each}=…" for each in variables)
        yield f"write {lines} into {service.environment_file} (chmod 600), a line each"
    if any(each.keyring for each in _kept(settings)):
        yield "keep the secrets that the settings look for in a keyring elsewhere: a service has none"
    yield f"{systemctl} daemon-reload"
    yield f"{systemctl} enable --now {started}"
    if service.for_user:
        yield "loginctl enable-linger    # so that it runs while you are not logged in"
    journal = "journalctl --user" if service.for_user else "journalctl"
    yield f"{journal} -u {service.name} -f"
    yield f"okrsync --config {service.settings} daemon status"
