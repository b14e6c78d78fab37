"""Creates, edits and deletes issues under Jira's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from okrsync.sandbox.jira.defaults import DEFAULT_PRIORITY, FIRST_STATUS
from okrsync.sandbox.jira.field_values import ValueRefusedError, read_value
from okrsync.sandbox.jira.history import entry, value_changes
from okrsync.sandbox.jira.model import Field, Issue, IssueType, Project, Screen
from okrsync.sandbox.jira.refusals import NOT_ON_SCREEN, InvalidError
from okrsync.sandbox.jira.store import JiraStore
from okrsync.sandbox.jira.talking import add_comment


class IssueWriter:
    """Writes issues for one author.

    For `people` every field that exists in the project can be set, as their administrator could arrange, and the
    API user's permissions do not matter.
    All methods raise InvalidError and then have changed nothing.
    """

    def __init__(self, store: JiraStore, author: str, *, people: bool = False) -> None:
        self.store = store
        self.author = author
        self.people = people

    def create(self, sent: Any) -> Issue:
        """Make an issue from the body of a create request."""
        fields, update = _parts(sent)
        project, issue_type = self._place(fields)
        if self._lacks("CREATE_ISSUES", project):
            raise InvalidError("You do not have permission to create issues in this project.")
        settable = {name: value for name, value in fields.items() if name not in {"project", "issuetype"}}
        screen = self._screen("create", project, issue_type)
        values = self._read({}, settable, update, screen, issue_type, None)
        self._check_required(values, screen)
        state, now = self.store.state, moment(self.store)
        project = replace(project, issues_made=project.issues_made + 1)
        state.projects[project.id] = project
        values.setdefault("priority", DEFAULT_PRIORITY)
        values.setdefault("reporter", self.author)
        issue = Issue(
            id=state.next_id("issue"),
            key=f"{project.key}-{project.issues_made}",
            project_id=project.id,
            type_id=issue_type.id,
            status_id=FIRST_STATUS,
            creator=self.author,
            created=now,
            updated=now,
            values=values,
            properties=_properties(sent),
            status_changed=now,
        )
        return self.store.put(issue)

    def edit(self, issue: Issue, sent: Any) -> Issue:
        """Change an issue as the body of an edit request says; one that changes nothing leaves it alone."""
        fields, update = _parts(sent)
        if "fields" not in sent and "update" not in sent:
            raise InvalidError("one of 'fields' or 'update' required")
        project, issue_type = self.store.project_of(issue), self.store.type_of(issue)
        if self._lacks("EDIT_ISSUES", project):
            raise InvalidError("You do not have permission to edit issues in this project.", status=403)
        if "issuetype" in fields:
            issue_type = self._retype(fields.pop("issuetype"), project, issue_type)
        screen = self._screen("edit", project, issue_type)
        values = self._read(issue.values, fields, update, screen, issue_type, issue)
        return self._store_edit(issue, issue_type, values, update, _properties(sent))

    def _store_edit(
        self,
        issue: Issue,
        issue_type: IssueType,
        values: dict[str, Any],
        update: Mapping[str, list[Any]],
        properties: dict[str, Any],
    ) -> Issue:
        now = moment(self.store)
        items = value_changes(self.store, issue, values)
        edited = replace(issue, type_id=issue_type.id, properties={**issue.properties, **properties})
        if items or issue_type.id != issue.type_id:
            changes = (*issue.changes, entry(self.store, self.author, now, items))
            edited = replace(edited, values=values, updated=now, changes=changes)
        for said in update.get("comment", []):
            edited = add_comment(self.store, edited, said["add"].get("body"), self.author, now)
        return self.store.put(edited)

    def delete(self, issue: Issue, *, with_subtasks: bool) -> None:
        """Delete an issue; sub-tasks go with it or stand in the way, children of an epic lose it."""
        if self._lacks("DELETE_ISSUES", self.store.project_of(issue)):
            raise InvalidError("You do not have permission to delete issues in this project.", status=403)
        above = [field.id for field in self.store.state.fields.values() if field.points_up]
        children = [
            other
            for other in self.store.state.issues.values()
            if any(other.values.get(name) == issue.id for name in above)
        ]
        subtasks = [child for child in children if self.store.type_of(child).subtask]
        if subtasks and not with_subtasks:
            raise InvalidError(
                f"The issue '{issue.key}' has subtasks.  You must specify the 'deleteSubtasks' parameter "
                "to delete this issue and all its subtasks."
            )
        for child in children:
            if child in subtasks:
                self.store.remove(child)
            else:
                kept = {name: value for name, value in child.values.items() if name not in above}
                self.store.put(replace(child, values=kept))
        self.store.remove(issue)

    def _lacks(self, permission: str, project: Project) -> bool:
        return not self.people and self.store.revoked(permission, project)

    def _place(self, fields: Mapping[str, Any]) -> tuple[Project, IssueType]:
        cloud = self.store.cloud
        named = fields.get("project")
        if not isinstance(named, dict):
            raise InvalidError(
                fields={"project": "data was not an object" if named is not None else "project is required"}
            )
        project = self.store.project(str(named.get("id") or named.get("key") or ""))
        if project is None:
            raise InvalidError(
                fields={"project": "Specify a valid project ID or key" if cloud else "valid project is required"}
            )
        wanted = fields.get("issuetype")
        if not isinstance(wanted, dict):
            raise InvalidError(
                fields={"issuetype": "data was not an object" if wanted is not None else "issue type is required"}
            )
        issue_type = self._type(wanted, project)
        if issue_type is None:
            raise InvalidError(
                fields={"issuetype": "Specify a valid issue type" if cloud else "valid issue type is required"}
            )
        return project, issue_type

    def _type(self, wanted: Mapping[str, Any], project: Project) -> IssueType | None:
        for type_id in project.types:
            known = self.store.state.types[type_id]
            if str(wanted.get("id", known.id)) == known.id and wanted.get("name", known.name) == known.name:
                return known if wanted.keys() & {"id", "name"} else None
        return None

    def _retype(self, wanted: Any, project: Project, now: IssueType) -> IssueType:
        found = self._type(wanted, project) if isinstance(wanted, dict) else None
        if found is None or found.level != now.level:
            raise InvalidError(fields={"issuetype": "The issue type selected is invalid."})
        return found

    def _screen(self, screen: Screen, project: Project, issue_type: IssueType) -> dict[str, Field]:
        shown = self.store.screen(screen, project, issue_type)
        if not self.people:
            return shown
        hidden = {field.id: field for field in self.store.fields_in(project, issue_type) if field.custom}
        return {**hidden, **shown}

    def _read(
        self,
        old: Mapping[str, Any],
        fields: Mapping[str, Any],
        update: Mapping[str, list[Any]],
        screen: Mapping[str, Field],
        issue_type: IssueType,
        issue: Issue | None,
    ) -> dict[str, Any]:
        values, refused = dict(old), {}
        for name in [*fields, *(name for name in update if name != "comment")]:
            if name not in screen:
                refused[name] = NOT_ON_SCREEN.format(field=name)
            elif name in fields and name in update:
                refused[name] = f"Field '{name}' cannot appear in both 'fields' and 'update'"
            else:
                wanted = fields.get(name)
                try:
                    if name in update:
                        wanted = _operate(screen[name], values.get(name), update[name])
                    value = read_value(self.store, screen[name], wanted, issue_type, issue)
                except ValueRefusedError as problem:
                    refused[problem.field or name] = str(problem)
                else:
                    values.pop(name, None)
                    if value is not None:
                        values[name] = value
        if refused:
            raise InvalidError(fields=refused)
        return values

    def _check_required(self, values: Mapping[str, Any], screen: Mapping[str, Field]) -> None:
        missing = {
            field.id: "You must specify a summary of the issue."
            if field.id == "summary"
            else f"{field.name} is required."
            for field in screen.values()
            if field.required and field.id not in values and field.id not in {"project", "issuetype", "parent"}
        }
        if "parent" in screen and screen["parent"].required and "parent" not in values:
            raise InvalidError("Issue type is a sub-task but parent issue key or id not specified.", fields=missing)
        if missing:
            raise InvalidError(fields=missing)


def moment(store: JiraStore) -> datetime:
    """The site's time as Jira stores it, in whole milliseconds."""
    now = store.clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _parts(sent: Any) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The `fields` and `update` of a request's body, with the shape of both checked."""
    if not isinstance(sent, dict):
        raise InvalidError("Invalid request payload. Refer to the REST API documentation and try again.")
    fields, update = sent.get("fields") or {}, sent.get("update") or {}
    if not isinstance(fields, dict) or not isinstance(update, dict):
        raise InvalidError("Invalid request payload. Refer to the REST API documentation and try again.")
    for name, operations in update.items():
        if not isinstance(operations, list) or not all(isinstance(one, dict) and one for one in operations):
            raise InvalidError(fields={name: "expected an array of operations"})
        if name == "comment" and any("add" not in one for one in operations):
            raise InvalidError(fields={"comment": "Field does not support update 'comment'"})
    return dict(fields), update


def _properties(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {one["key"]: one["value"] for one in sent.get("properties") or []}


def _operate(field: Field, old: Any, operations: Iterable[Mapping[str, Any]]) -> Any:
    """The value that the verbs `set`, `add` and `remove` lead to."""
    value = old
    for operation in operations:
        for verb, operand in operation.items():
            if verb == "set":
                value = operand
            elif verb == "add" and field.id == "labels":
                value = [*(value or []), operand]
            elif verb == "remove" and field.id == "labels":
                value = [label for label in value or [] if label != operand]
            else:
                raise ValueRefusedError(
                    f"Field with id '{field.id}' and name '{field.name}' does not support operation '{verb}' "
                    "Supported operation(s) are: 'set'"
                )
    return value
