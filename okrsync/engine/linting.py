"""What lint rules see, gathered: documents, words, what the cache remembers, what trackers offer."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path

from okrsync.documents import Drafts
from okrsync.domain.cycle import parse_cycle
from okrsync.domain.linting import LintContext, Offer, Refusal, Remembered, Review, Rule, Said
from okrsync.domain.okr import Okrs
from okrsync.domain.ref import Ref
from okrsync.practice.lint import registry
from okrsync.practice.lint.running import Selection
from okrsync.practice.lint.vocabulary import Words, words_from
from okrsync.problems import Problem, Problems, listed
from okrsync.settings import Settings
from okrsync.store.reading import Reader
from okrsync.toml_files import read_toml, shown_path
from okrsync.trackers.plugins import Plugins

NEED_THE_CACHE = ("OKR601", "OKR602")
"""The rules that say nothing without a cache; OKR502 then knows only what documents tell."""
_BUNDLED = "en"


def words_of(settings: Settings, shown_from: Path) -> Words:
    """The words of the language of the documents.

    Raises:
        Problems: there is no such language, or its file is wrong.
    """
    language = settings.lint.language
    own = {settings.path_of(each).stem: settings.path_of(each) for each in settings.lint.words}
    if language in own:
        path = own[language]
        shown = shown_path(path, shown_from)
        try:
            return words_from(read_toml(path, shown).data)
        except ValueError as error:
            raise Problems([Problem(shown, 0, "", str(error))]) from error
    if language != _BUNDLED:
        known = listed(repr(each) for each in sorted({_BUNDLED, *own}))
        do = f'Name a file with its words: words = ["words/{language}.toml"].'
        found = f"there are no words for the language {language!r}"
        raise Problems([Problem(settings.path.name, 0, "lint.language", found, known, do)])
    return bundled_words()


def bundled_words() -> Words:
    """The words that okrsync brings: English."""
    import tomllib

    bundled = files("okrsync.practice.lint").joinpath("words", f"{_BUNDLED}.toml")
    return words_from(tomllib.loads(bundled.read_text(encoding="utf-8")))


def every_rule(words: Words, plugins: Plugins) -> tuple[Rule, ...]:
    """The rules that okrsync brings, then those of plugins by their codes."""
    return (*registry.rules(words), *(plugins.lint_rules[code] for code in sorted(plugins.lint_rules)))


def page_of(rule: Rule) -> str:
    """Why a rule is there, an example, and how to mend what it finds, as Markdown."""
    bundled = files("okrsync.practice.lint").joinpath("pages", f"{rule.code}.md")
    if rule.code.startswith(registry.PREFIX) and bundled.is_file():
        return bundled.read_text(encoding="utf-8")
    return rule.page or f"# {rule.code}: {rule.name}\n\n{rule.summary[:1].upper()}{rule.summary[1:]}.\n"


def remembered(cache: Reader) -> Remembered:
    """What the cache knows, all of one moment."""
    with cache.snapshot():
        by_ref = {ref: cache.check_ins.of(ref) for ref in cache.check_ins.newest()}
        said = {ref: tuple(Said(each.at, each.value, each.confidence) for each in made) for ref, made in by_ref.items()}
        values = {
            ref: tuple((each.observed_at, each.value) for each in cache.observations.history(ref))
            for ref, made in by_ref.items()
            if any(each.value is None for each in made)
        }
        seen = {ref: each.seen_at for ref, each in cache.observations.current().items() if each.seen_at is not None}
        terms = {
            ref: tuple((each.since, each.terms) for each in history)
            for ref, history in cache.terms.histories().items()
            if len(history) > 1
        }
    return Remembered(said, values, seen, terms)


def offers(okrs: Okrs, settings: Settings, plugins: Plugins) -> dict[Ref, Offer]:
    """What the trackers could measure the key results by, where they are mapped to one that is installed."""
    found: dict[Ref, Offer] = {}
    for objective in okrs.objectives:
        mapping = settings.mapping_for(objective)
        tracker = settings.trackers.get(mapping.tracker) if mapping else None
        kind = plugins.trackers.get(tracker.type) if tracker else None
        if mapping is not None and kind is not None:
            # Where key results are fields, each names its own.
            field = mapping.fields.current if mapping.key_results.form == "issues" else None
            offer = Offer(field, kind.capabilities.queries)
            found.update((each.ref, offer) for each in objective.key_results)
    return found


def context_of(
    settings: Settings, drafts: Drafts, plugins: Plugins, known: Remembered | None, today: date
) -> LintContext:
    """Everything that rules may look at."""
    okrs = drafts.documents.okrs
    names = {each.ref.cycle for each in okrs.objectives} | {each.ref.cycle for each in okrs.kpis}
    named = settings.named_cycles
    return LintContext(
        okrs=okrs,
        today=today,
        cycles={name: parse_cycle(name, named) for name in names if name != "?"},
        refusals=tuple(map(_refusal, drafts.problems)),
        unplaced=drafts.unplaced,
        thresholds=settings.lint.figures,
        review=Review(settings.require_review, settings.reviewers),
        check_in_period=settings.check_in_period,
        excellent=settings.scoring.excellent,
        remembered=known,
        offers=offers(okrs, settings, plugins),
    )


def _refusal(problem: Problem) -> Refusal:
    return Refusal(problem.file, problem.line, problem.where, problem.found, problem.right, problem.do, problem.code)


def selection_of(settings: Settings, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Selection:
    """Which codes are wanted: what was asked for at the command line goes before what the settings say."""
    lint = settings.lint
    return Selection(select or lint.select, (*(() if select else lint.ignore), *ignore), dict(lint.per_file_ignores))
