"""A command: click reads the arguments, and what it shows goes to standard output."""

from __future__ import annotations

from pathlib import Path

import click

from okrsync.trackers.commands import GlobalOptions
from okrsync_example.shelf import new_shelf


@click.command("new-shelf")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--project", "projects", multiple=True, default=("DEMO",), help="A project. Default: DEMO.")
@click.option("--token", prompt=True, hide_input=True, help="The token that opens the file. Asked for where left out.")
@click.pass_obj
def new_shelf_command(options: GlobalOptions, file: Path, projects: tuple[str, ...], token: str) -> None:
    """Make the JSON file of a tracker of the type example."""
    try:
        new_shelf(file, projects=projects, token=token)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already") from None
    if not options.quiet:
        click.echo(f"made {file} with {', '.join(projects)}")
