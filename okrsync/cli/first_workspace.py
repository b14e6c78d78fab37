"""The texts of a new workspace: a commented okrsync.toml, and a first document to put one's own OKRs into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import tomlkit

from okrsync.domain.cycle import Cycle


@dataclass(frozen=True)
class Answers:
    """What somebody said about the workspace that they want."""

    workspace: str
    team: str
    tracker_type: str
    """`jira`, `github`, or what a plugin brings; empty for a workspace without a tracker."""
    project: str = ""
    url: str = ""
    user: str = ""
    token_env: str = ""
    board: str = ""
    objective_form: str = "epic"
    fields: Mapping[str, str] = field(default_factory=dict)
    """What a tracked field is for (current, target, …) → its name."""
    owner: str = "dana"
    """Who answers for the first objectives."""


ROLES = ("current", "target", "baseline", "progress")
"""The tracked fields that `init` asks for, the most useful first."""

_MEANINGS = {
    "current": "where people keep the current value; okrsync reads it",
    "target": "shows the target; okrsync writes it",
    "baseline": "shows the baseline; okrsync writes it",
    "progress": "shows the progress, 0 to 1; okrsync writes it",
}


def slug(text: str, otherwise: str) -> str:
    """A text as ids, file names and workspaces can have it."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:40].strip("-._") or otherwise


def settings_text(answers: Answers) -> str:
    """okrsync.toml."""
    parts = [
        "# The settings of okrsync. `okrsync check` finds mistakes in here; with --online it asks the tracker too.",
        "",
        "# Part of every marker by which okrsync knows its items again: do not change it later.",
        f"workspace = {_quoted(answers.workspace)}",
        "# The folder with the OKRs, one file for each team and cycle.",
        'documents = "okrs"',
        "# What okrsync remembers between runs; it belongs to this machine, not into version control.",
        'cache     = "okrsync.db"',
        "",
    ]
    parts += _tracker(answers) if answers.tracker_type else _no_tracker()
    return "\n".join(parts)


def _tracker(answers: Answers) -> list[str]:
    lines = [f"[trackers.{tracker_name(answers)}]", f"type  = {_quoted(answers.tracker_type)}"]
    if answers.url:
        lines.append(f"url   = {_quoted(answers.url)}")
    if answers.user:
        lines += ["# The account that the token belongs to.", f"user  = {_quoted(answers.user)}"]
    elif answers.tracker_type == "jira":
        lines.append('# user = "okr-bot@acme.example"   # Jira Cloud needs it: the account that the token belongs to')
    lines += [
        "# Where the token is kept: env, file, keyring, command or credential (systemd). Never the token itself.",
        f"token = {{ env = {_quoted(answers.token_env)} }}",
        "",
        "# Which OKRs go where. The first mapping that matches counts; team, level, owner and id may be patterns.",
        "[[mappings]]",
        f"match       = {{ team = {_quoted(answers.team)} }}",
        f"tracker     = {_quoted(tracker_name(answers))}",
        f"project     = {_quoted(answers.project)}",
        f"objectives  = {{ as = {_quoted(answers.objective_form)} }}",
        _key_results(answers),
        *_fields(answers),
        "# Who decides about title, why and due date where both sides changed: documents, tracker, or both (a person).",
        'authority   = "documents"',
        "",
    ]
    return lines


def _no_tracker() -> list[str]:
    return [
        "# No tracker yet: OKRs live in documents and check-ins alone. This is how one looks:",
        "#",
        "# [trackers.work]",
        '# type  = "jira"',
        '# url   = "https://acme.atlassian.net"',
        '# user  = "okr-bot@acme.example"',
        '# token = { env = "OKRSYNC_JIRA_TOKEN" }',
        "#",
        "# [[mappings]]",
        '# tracker    = "work"',
        '# project    = "PLAT"',
        '# objectives = { as = "epic" }',
        "",
    ]


def _key_results(answers: Answers) -> str:
    if answers.tracker_type == "github":
        return 'key_results = { as = "issues", labels = ["key-result"] }'
    if answers.tracker_type == "jira":
        return 'key_results = { as = "issues", type = "Task" }'
    return 'key_results = { as = "issues" }'


def _fields(answers: Answers) -> list[str]:
    """The fields one by one, each with what it is for; as a comment where nobody named one."""
    where = "board" if answers.tracker_type == "github" else "project"
    tracker = tracker_name(answers)
    hint = f"# Number fields of the {where}, by name; `okrsync fields {tracker} {answers.project}` lists them."
    named = {role: answers.fields[role] for role in ROLES if answers.fields.get(role)}
    if not named and not answers.board:
        example = 'current = "KR current", target = "KR target"'
        board = 'project_board = "acme/1", ' if answers.tracker_type == "github" else ""
        return [hint, f"# fields    = {{ {board}{example} }}"]
    pairs = [f"project_board = {_quoted(answers.board)}"] if answers.board else []
    pairs += [f"{role} = {_quoted(name)}" for role, name in named.items()]
    meanings = [f"#   {role}: {_MEANINGS[role]}" for role in named]
    return [hint, *meanings, f"fields      = {{ {', '.join(pairs)} }}"]


def document_text(answers: Answers, cycle: Cycle) -> str:
    """A first document: one objective with two key results, and how to go on."""
    measured = answers.fields.get("current")
    source = (
        '  measure  = { from = "field" }         # read from the field of the key result\'s item'
        if measured
        else '  measure  = { from = "manual" }        # said by people; or "field", "children": see the documentation'
    )
    return f"""\
# The OKRs of one team for one cycle. This is an example: put your own in its place before the first `okrsync sync`.
cycle = {_quoted(cycle.name)}
level = "team"                            # company | department | team | individual
team  = {_quoted(answers.team)}
owner = {_quoted(answers.owner).ljust(33)} # who answers for them

[[objectives]]
id     = "instant-signup"                 # its name for good; the marker in the tracker has it
title  = "Make signing up feel instant"
why    = "Half of our visitors leave while they wait."
origin = "bottom-up"                      # bottom-up: the team's own idea | top-down: it was asked for
stage  = "committed"                      # draft: nothing is created in a tracker | proposed | committed | closed
# aligns_to = ["win-newcomers"]           # the objective of this cycle, or objective/key-result, that it supports

  [[objectives.key_results]]
  id       = "p95"
  title    = "Cut p95 sign-up time from 4.0 s to 1.5 s"
  baseline = 4.0
  target   = 1.5
  unit     = "s"
{source}

  [[objectives.key_results]]
  id       = "first-try"
  title    = "Raise sign-ups that work at the first try from 80 % to 95 %"
  kind     = "reach"                      # as usual; maintain: stay within min and max; done: yes or no
  baseline = 80
  target   = 95
  unit     = "%"
{source}
"""


def next_steps(answers: Answers, folder: str, document: str, *, has_token: bool) -> list[str]:
    """What to type next; `has_token` where the variable with the token is set."""
    steps = [f"cd {folder}"] if folder not in {"", "."} else []
    steps.append(f"edit {document}   put your own objectives in place of the example")
    if not answers.tracker_type:
        return [*steps, "okrsync check", "okrsync lint", "okrsync status"]
    if not has_token:
        steps.append(f"export {answers.token_env}=…   a token with the least scopes: {_scopes(answers.tracker_type)}")
    return [*steps, "okrsync check --online", "okrsync lint", "okrsync plan", "okrsync sync"]


def _scopes(tracker_type: str) -> str:
    known = {
        "jira": "read:jira-work, write:jira-work and read:jira-user",
        "github": "Issues read and write, Metadata read",
    }
    return known.get(tracker_type, "see its documentation")


def tracker_name(answers: Answers) -> str:
    """The tracker's name in the settings."""
    return "code" if answers.tracker_type == "github" else "work"


def _quoted(text: str) -> str:
    return tomlkit.item(text).as_string()
