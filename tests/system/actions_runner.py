"""A runner of GitHub Actions, as far as ours need one: its steps run in bash as they stand.

What it does not have, it stands in for: Python is there already, a cache is a folder, `gh` notes what it is asked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def read(path: Path) -> Any:
    """A YAML file, as plain values."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@dataclass
class Ran:
    """What came of some steps."""

    failed: bool = False
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Step → what it put into GITHUB_OUTPUT."""
    log: str = ""
    done: list[str] = field(default_factory=list)
    """The names of the steps that ran."""


@dataclass
class Runner:
    """One machine, and what GitHub keeps between runs."""

    work: Path
    """The checkout of the repository whose workflow it is."""
    temp: Path
    kept: Path
    """Where caches are kept."""
    environment: Mapping[str, str]
    github: dict[str, Any]
    actions: Mapping[str, Path] = field(default_factory=dict)
    """What `uses` names → the folder of the action."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()
    """Steps that were done before."""

    @property
    def summary(self) -> Path:
        return self.temp / "summary.md"

    def action(self, path: Path, inputs: Mapping[str, str]) -> Ran:
        """Run a composite action with these inputs."""
        action = read(path / "action.yml")
        known = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
        assert set(inputs) <= set(known), f"no such input: {sorted(set(inputs) - set(known))}"
        context = {"inputs": {**known, **inputs}, "github": {**self.github, "action_path": str(path)}}
        ran = self.steps(action["runs"]["steps"], context, {})
        context["steps"] = {step: {"outputs": outputs} for step, outputs in ran.outputs.items()}
        ran.outputs = {"": {name: _filled(each["value"], context) for name, each in action["outputs"].items()}}
        return ran

    def job(self, job: Mapping[str, Any]) -> Ran | None:
        """Run a job of a workflow; None where its condition is not true."""
        context: dict[str, Any] = {"github": self.github, "secrets": self.secrets}
        if not _is_true(job.get("if", "true"), context, failed=False):
            return None
        variables = {name: _filled(str(value), context) for name, value in job.get("env", {}).items()}
        context["env"] = variables
        return self.steps(job["steps"], context, variables)

    def steps(self, steps: list[dict[str, Any]], context: dict[str, Any], variables: Mapping[str, str]) -> Ran:
        ran = Ran()
        for step in steps:
            context["steps"] = {name: {"outputs": outputs} for name, outputs in ran.outputs.items()}
            condition = step.get("if", "success()")
            name = _filled(step.get("name", step.get("uses", "")), context)
            if not _is_true(condition, context, failed=ran.failed) or name in self.skip:
                continue
            ran.done.append(name)
            given = {key: _filled(str(value), context) for key, value in step.get("with", {}).items()}
            local = {key: _filled(str(value), context) for key, value in step.get("env", {}).items()}
            if "run" in step:
                code, outputs = self._run(step["run"], {**variables, **local}, ran)
                ran.outputs[step.get("id", name)] = outputs
                ran.failed |= code != 0
            else:
                self._use(step["uses"], given, step.get("id", name), {**variables, **local}, ran)
        return ran

    def _run(self, script: str, variables: Mapping[str, str], ran: Ran) -> tuple[int, dict[str, str]]:
        assert "${{" not in script, "what others wrote would become a part of the script"
        file, output = self.temp / "step.sh", self.temp / "output"
        file.write_text(script, encoding="utf-8")
        output.write_text("", encoding="utf-8")
        answer = subprocess.run(
            # As the runner starts a step with `shell: bash`.
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(file)],
            cwd=self.work,
            env={
                **self.environment,
                **variables,
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_REPOSITORY": "acme/okrs",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        ran.log += answer.stdout
        outputs = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
        return answer.returncode, outputs

    def _use(self, uses: str, given: dict[str, str], step: str, variables: Mapping[str, str], ran: Ran) -> None:
        name = uses.partition("@")[0]
        if name in self.actions:
            inner = Runner(**{**vars(self), "environment": {**self.environment, **variables}})
            result = inner.action(self.actions[name], given)
            ran.outputs[step] = result.outputs[""]
            ran.log += result.log
            ran.failed |= result.failed
            return
        stand_ins[name](self, given)

    def restore(self, given: Mapping[str, str]) -> None:
        """As actions/cache/restore: the newest whose key begins with one of `restore-keys`."""
        keys = [given["key"], *given["restore-keys"].split()]
        for key in keys:
            found = sorted(self.kept.glob(f"{key}*/file"), key=os.path.getmtime)
            if found:
                shutil.copy(found[-1], self.work / given["path"])
                return

    def save(self, given: Mapping[str, str]) -> None:
        """As actions/cache/save: a key is written once."""
        place = self.kept / given["key"]
        path = self.work / given["path"]
        if path.exists() and not place.exists():
            place.mkdir(parents=True)
            shutil.copy(path, place / "file")


def _nothing(_runner: Runner, _given: Mapping[str, str]) -> None:
    """It is there already."""


stand_ins: dict[str, Callable[[Runner, Mapping[str, str]], None]] = {
    "actions/checkout": _nothing,
    "actions/setup-python": _nothing,
    "actions/cache/restore": Runner.restore,
    "actions/cache/save": Runner.save,
}


def _filled(text: str, context: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: str(_value(found[1].strip(), context)), text)


def _is_true(condition: str, context: Mapping[str, Any], *, failed: bool) -> bool:
    """The conditions that our files use: comparisons, functions of the status, `&&`, `||`, `!` and parentheses."""
    whole = _EXPRESSION.sub(r"\1", condition).strip()
    asks = re.search(r"\b(?:always|cancelled|failure|success)\(\)", whole)
    python = re.sub(r"!(?!=)", " not ", whole).replace("&&", " and ").replace("||", " or ")
    for name, value in (("always", True), ("cancelled", False), ("failure", failed), ("success", not failed)):
        python = python.replace(f"{name}()", str(value))
    python = re.sub(r"(?<!')\btrue\b", "True", python)
    names = sorted(set(re.findall(r"\b(?:inputs|github|env|steps)\.[\w.-]+", python)), key=len, reverse=True)
    for name in names:
        python = python.replace(name, repr(str(_value(name, context))))
    is_true = bool(eval(python, {"__builtins__": {}}))
    return is_true and (asks is not None or not failed)


def _value(name: str, context: Mapping[str, Any]) -> Any:
    value: Any = context
    for part in name.split("."):
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value
