"""`okrsync tree`: what aligns to what."""

from __future__ import annotations

import click

from okrsync.cli.call import Call
from okrsync.cli.options import audience_option, command, cycle_option, json_option


@command("tree")
@cycle_option
@audience_option
@click.option("--key-results", is_flag=True, help="Show every key result, not only those that something aligns to.")
@json_option
def tree(call: Call, key_results: bool, as_json: bool) -> None:
    """Show what aligns to what, from the company down, and which objectives align to nothing."""
    from okrsync.reports.tree import alignment, tree_json
    from okrsync.reports.tree_views import tree_picture, tree_text

    standing = call.workspace().status()
    aligned = alignment(standing, key_results=key_results)
    call.screen.show(
        as_json=as_json,
        data=lambda: tree_json(standing, aligned),
        text=lambda: tree_text(standing, aligned),
        picture=lambda _width: tree_picture(standing, aligned),
    )
