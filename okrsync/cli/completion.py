"""`okrsync completion`: the script that lets a shell complete commands and options."""

from __future__ import annotations

import click

from okrsync.cli.call import Call
from okrsync.cli.options import command

VARIABLE = "_OKRSYNC_COMPLETE"
"""Click's name for the environment variable by which the script asks for completions."""


@command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(call: Call, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(okrsync completion bash)"                                   in ~/.bashrc
    zsh:   eval "$(okrsync completion zsh)"                                    in ~/.zshrc
    fish:  okrsync completion fish > ~/.config/fish/completions/okrsync.fish
    """
    from click.shell_completion import get_completion_class

    from okrsync.cli.program import program

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    call.screen.lines([kind(program, {}, "okrsync", VARIABLE).source()])
