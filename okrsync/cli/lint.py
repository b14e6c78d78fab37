"""`okrsync lint`: what the practice says about the OKRs that are written, before people review them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from okrsync.cli.call import Call
from okrsync.cli.endings import BAD_INPUT, DONE, FAILED
from okrsync.cli.options import command, cycle_option, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okrsync.app import Workspace
    from okrsync.documents import Drafts
    from okrsync.domain.linting import Finding, Remembered, Rule
    from okrsync.practice.lint.running import Lint, Selection

FORMATS = ("text", "json", "github", "sarif", "markdown")
REFUSED = "OKR001"


@command("lint")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@cycle_option
@click.option("--format", "form", type=click.Choice(FORMATS), help="How findings are written. Default: text.")
@json_option
@click.option("--select", multiple=True, metavar="CODES", help="Look for these only: OKR202, or OKR2 for all of those.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not look for these.")
@click.option("--strict", is_flag=True, help="End with 1 for warnings too.")
@click.option("--fix", is_flag=True, help="Mend what can be mended without changing what somebody meant.")
@click.option("--explain", metavar="CODE", help="Show why a rule is there, an example, and how to mend it.")
def lint(
    call: Call,
    paths: tuple[Path, ...],
    form: str | None,
    as_json: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    fix: bool,
    explain: str | None,
) -> int:
    """Hold the OKRs against the practice: PATHS only, or all of them.

    Closed objectives are left alone. Nothing is asked of a tracker; check-ins and past targets come from the cache.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} together: leave one of them out")
    if explain is not None:
        return _explain(call, explain)
    desk = _Desk(call, _codes(select), _codes(ignore), paths)
    found = desk.lint()
    if fix:
        fixed = desk.fix(found)
        if fixed:
            found = desk.lint()
    code = _exit_code(found, strict=strict)
    _show(desk, found, "json" if as_json else form or "text", code)
    return code


def _codes(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(code.strip().upper() for each in given for code in each.split(",") if code.strip())


def _explain(call: Call, code: str) -> int:
    from okrsync.engine.linting import bundled_words, every_rule, page_of
    from okrsync.problems import Problems, did_you_mean
    from okrsync.trackers.plugins import load_plugins

    try:
        plugins = call.workspace().plugins
    except Problems:  # A rule can be explained anywhere.
        plugins = load_plugins(allowed=())
    known = {rule.code: rule for rule in every_rule(bundled_words(), plugins)}
    rule = known.get(code.strip().upper())
    if rule is None:
        hint = did_you_mean(code.upper(), known) or "docs/reference/lint.md lists them."
        raise click.UsageError(f"there is no rule {code!r}. {hint}")
    call.screen.lines(page_of(rule).rstrip("\n").split("\n"))
    return DONE


def _exit_code(found: Lint, *, strict: bool) -> int:
    if any(each.code == REFUSED for each in found.findings):
        return BAD_INPUT
    counted = {"error", "warning"} if strict else {"error"}
    return FAILED if found.broken or any(each.severity.value in counted for each in found.findings) else DONE


class _Desk:
    """Everything that one call reads, and the rules that it runs."""

    def __init__(self, call: Call, select: tuple[str, ...], ignore: tuple[str, ...], paths: tuple[Path, ...]) -> None:
        from okrsync.engine.linting import every_rule, selection_of, words_of

        self.call = call
        self.workspace: Workspace = call.workspace()
        settings = self.workspace.settings
        self.notes: list[str] = []
        self.every: tuple[Rule, ...] = every_rule(words_of(settings, self.workspace.shown_from), self.workspace.plugins)
        for left_out in self.workspace.plugins.broken:
            self.notes.append(f"the plugin {left_out.name} was left out: {left_out.reason}")
        self.selection: Selection = selection_of(settings, select, ignore)
        self._check_codes((*select, *ignore))
        for each in paths:
            if not each.exists():
                raise click.UsageError(f"{each} does not exist")
        self._paths = tuple(each.resolve() for each in paths)
        self._folder = settings.folder.resolve()
        self._resolved: dict[str, Path] = {}
        self.workspace.fetch_documents(again=False)
        self._remembered, self._parsed = self._read_cache()
        self.drafts: Drafts = self._read()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those that are wanted."""
        return tuple(each for each in self.every if self.selection.wants(each.code))

    def lint(self) -> Lint:
        """Run the rules; only what is in the paths that were asked for is told."""
        from dataclasses import replace

        from okrsync.documents.places import Places
        from okrsync.engine.linting import context_of
        from okrsync.practice.lint.running import lint as run

        workspace, settings = self.workspace, self.workspace.settings
        today = workspace.now().astimezone().date()
        context = context_of(settings, self.drafts, workspace.plugins, self._remembered, today)
        files = self.drafts.documents.files
        found = run(context, self.rules, self.selection, line_of=Places(files).line_of, name_of=self._name_in_settings)
        kept = tuple(each for each in found.findings if self._is_asked_for(each))
        return replace(found, findings=kept)

    def fix(self, found: Lint) -> int:
        """Write what can be mended into the documents; how many keys were set. The documents are read again."""
        from okrsync.documents.edit import EditRefused, set_values

        files = self.drafts.documents.files
        digests = {shown: file.digest for shown, file in files.items()}
        fixed = 0
        for each in found.findings:
            if each.fix is None or each.file not in files:
                continue
            value = list(each.fix.value) if isinstance(each.fix.value, tuple) else each.fix.value
            try:
                digests[each.file] = set_values(
                    files[each.file].path, each.fix.ref.local, {each.fix.key: value}, digests[each.file]
                )
            except EditRefused as why:
                self.call.voice.warn(f"{each.code} at {each.file}:{each.line} was not mended: {why}")
                continue
            fixed += 1
            self.call.voice.note(f"{each.file}: {each.fix.ref}: {each.fix.meaning} ({each.code})")
        if fixed:
            self.drafts = self._read()
        return fixed

    def _read(self) -> Drafts:
        from okrsync.documents import read_drafts

        settings = self.workspace.settings
        drafts = read_drafts(
            settings.documents_folder,
            self.workspace.shown_from,
            settings.named_cycles,
            settings.audiences,
            dict(self._parsed),
            measures=self.workspace.plugins.measures,
            largest_adjustment=settings.scoring.adjustment,
        )
        for path in self._paths:
            if not any(_is_in(file.path.resolve(), path) for file in drafts.documents.files.values()) and not any(
                _is_in(self._path_of(each.file), path) for each in drafts.problems
            ):
                raise click.UsageError(f"{path} holds no document: those are in {settings.documents_folder}")
        return drafts

    def _read_cache(self) -> tuple[Remembered | None, dict[str, str]]:
        from okrsync.engine.linting import NEED_THE_CACHE, remembered
        from okrsync.problems import listed
        from okrsync.store.errors import CacheError, CacheMissing
        from okrsync.store.reading import Reader

        settings = self.workspace.settings
        try:
            with Reader.at(settings.cache_file, settings.workspace) as cache:
                return remembered(cache), cache.texts.all()
        except CacheError as error:
            if any(self.selection.wants(code) for code in NEED_THE_CACHE):
                missing = isinstance(error, CacheMissing)
                why = "there is no cache yet; `okrsync pull` makes one" if missing else str(error)
                silent = listed(NEED_THE_CACHE, "and")
                self.notes.append(f"{silent} were not looked for, nor targets that changed without a word: {why}")
            return None, {}

    def _check_codes(self, asked: tuple[str, ...]) -> None:
        known = [each.code for each in self.every]
        for code in self.selection.unknown(known):
            if code in asked:
                raise click.UsageError(f"no code begins with {code!r}; docs/reference/lint.md lists them")
            self.notes.append(f"the settings name {code!r} under [lint], but no code begins with that")

    def _is_asked_for(self, finding: Finding) -> bool:
        cycle = self.call.cycle
        if cycle is not None and finding.ref is not None and finding.ref.cycle != cycle:
            return False
        return not self._paths or any(_is_in(self._path_of(finding.file), each) for each in self._paths)

    def _name_in_settings(self, shown: str) -> str:
        path = self._path_of(shown)
        return path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else path.as_posix()

    def _path_of(self, shown: str) -> Path:
        if shown not in self._resolved:
            self._resolved[shown] = (self.workspace.shown_from / shown).resolve()
        return self._resolved[shown]


def _is_in(path: Path, asked: Path) -> bool:
    return path == asked or asked in path.parents


def _show(desk: _Desk, found: Lint, form: str, code: int) -> None:
    from okrsync.reports.lint_views import lint_github, lint_json, lint_text, summary_text

    call = desk.call
    for note in desk.notes:
        call.voice.note(note)
    for broken in found.broken:
        call.voice.fail(f"the rule {broken.code} failed: {broken.reason}")
    if form == "json":
        call.screen.json(lint_json(found.findings, desk.notes, code))
    elif form == "sarif":
        from okrsync.cli.version import version
        from okrsync.engine.linting import page_of
        from okrsync.reports.sarif import lint_sarif

        call.screen.json(lint_sarif(found.findings, desk.rules, page_of, version()))
    elif form == "github":
        call.screen.lines(lint_github(found.findings))
    elif form == "markdown":
        from okrsync.reports.lint_markdown import lint_markdown

        call.screen.lines(lint_markdown(found.findings))
    else:
        call.screen.lines(lint_text(found.findings))
        if not call.quiet:
            call.screen.lines([summary_text(found.findings)])
