"""What a new Jira site has before anybody adds a project: types, workflow, fields, link types."""

from __future__ import annotations

from okrsync.sandbox.jira.model import (
    EPIC_LINK,
    EPIC_NAME,
    Category,
    Field,
    Flavour,
    IssueType,
    JiraState,
    LinkType,
    Screen,
    Status,
    Transition,
    User,
)

CATEGORIES = {
    "new": Category(2, "new", "To Do", "blue-gray"),
    "indeterminate": Category(4, "indeterminate", "In Progress", "yellow"),
    "done": Category(3, "done", "Done", "green"),
}
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
DEFAULT_PRIORITY = "3"
RESOLUTIONS = {"10000": "Done"}
DONE_RESOLUTION = "10000"

EPIC, STORY, TASK, SUBTASK, BUG = "10000", "10001", "10002", "10003", "10004"
TYPES = (
    IssueType(EPIC, "Epic", 1),
    IssueType(STORY, "Story", 0),
    IssueType(TASK, "Task", 0),
    IssueType(BUG, "Bug", 0),
    IssueType(SUBTASK, "Sub-task", -1),
)
STATUSES = (
    Status("10000", "To Do", "new"),
    Status("3", "In Progress", "indeterminate"),
    Status("10001", "Done", "done"),
)
FIRST_STATUS = "10000"
CLOUD_WORKFLOW = (
    Transition("11", "To Do", "10000"),
    Transition("21", "In Progress", "3"),
    Transition("31", "Done", "10001"),
)
"""The simplified workflow: every status can be reached from every status, and steps are named like it."""

DATA_CENTER_WORKFLOW = (
    Transition("4", "Start Progress", "3", ("10000",)),
    Transition("301", "Stop Progress", "10000", ("3",)),
    Transition("2", "Close Issue", "10001", ("10000", "3")),
    Transition("711", "Reopen Issue", "10000", ("10001",)),
)
"""The classic workflow: steps have names of their own and start from some statuses only."""

LINK_TYPES = (
    LinkType("10000", "Blocks", "is blocked by", "blocks"),
    LinkType("10001", "Cloners", "is cloned by", "clones"),
    LinkType("10002", "Duplicate", "is duplicated by", "duplicates"),
    LinkType("10003", "Relates", "relates to", "relates to"),
)

BOTH: tuple[Screen, ...] = ("create", "edit")
SYSTEM_FIELDS = (
    Field("summary", "Summary", "string", screens=BOTH, clauses=("summary",), required=True),
    Field("issuetype", "Issue Type", "issuetype", screens=BOTH, clauses=("issuetype", "type"), required=True),
    Field("project", "Project", "project", screens=("create",), clauses=("project",), required=True),
    Field("description", "Description", "string", screens=BOTH, clauses=("description",)),
    Field("labels", "Labels", "array", items="string", screens=BOTH, clauses=("labels",)),
    Field("priority", "Priority", "priority", screens=BOTH, clauses=("priority",)),
    Field("duedate", "Due date", "date", screens=BOTH, clauses=("due", "duedate")),
    Field("assignee", "Assignee", "user", screens=BOTH, clauses=("assignee",)),
    Field("reporter", "Reporter", "user", screens=BOTH, clauses=("reporter",)),
    Field("status", "Status", "status", clauses=("status",)),
    Field("resolution", "Resolution", "resolution", clauses=("resolution",)),
    Field("resolutiondate", "Resolved", "datetime", clauses=("resolutiondate", "resolved")),
    Field("created", "Created", "datetime", clauses=("created", "createdDate")),
    Field("updated", "Updated", "datetime", clauses=("updated", "updatedDate")),
    Field("creator", "Creator", "user", clauses=("creator",)),
    Field("issuelinks", "Linked Issues", "array", items="issuelinks"),
    Field("subtasks", "Sub-tasks", "array", items="issuelinks", clauses=("subtasks",)),
    Field("comment", "Comment", "comments-page", clauses=("comment",)),
    Field("components", "Components", "array", items="component", clauses=("component",)),
    Field("fixVersions", "Fix versions", "array", items="version", clauses=("fixVersion",)),
    Field("versions", "Affects versions", "array", items="version", clauses=("affectedVersion",)),
)
PARENT = Field("parent", "Parent", "issuelink", screens=BOTH, clauses=("parent",))
DATA_CENTER_EPIC_FIELDS = (
    Field("customfield_10100", "Epic Link", "any", custom=EPIC_LINK, screens=BOTH, clauses=("Epic Link",)),
    Field(
        "customfield_10101",
        "Epic Name",
        "string",
        custom=EPIC_NAME,
        screens=BOTH,
        types=(EPIC,),
        clauses=("Epic Name",),
        required=True,
    ),
)


def new_state(flavour: Flavour, bot_email: str, time_zone: str) -> JiraState:
    """A site without projects, known to nobody but the API user."""
    cloud = flavour == "cloud"
    bot = User(
        id="557058:0b4d0f3e-2c6d-4c5f-9a70-5f5a4f1c0001" if cloud else bot_email.partition("@")[0],
        display_name=bot_email.partition("@")[0],
        email=bot_email,
        time_zone=time_zone,
    )
    fields = (*SYSTEM_FIELDS, PARENT, *(() if cloud else DATA_CENTER_EPIC_FIELDS))
    workflow = CLOUD_WORKFLOW if cloud else DATA_CENTER_WORKFLOW
    return JiraState(
        flavour=flavour,
        bot=bot.id,
        users={bot.id: bot},
        fields={field.id: field for field in fields},
        types={kind.id: kind for kind in TYPES},
        statuses={status.id: status for status in STATUSES},
        transitions={step.id: step for step in workflow},
        link_types={kind.id: kind for kind in LINK_TYPES},
        counters={"custom field": 10015 if cloud else 10199},
    )
