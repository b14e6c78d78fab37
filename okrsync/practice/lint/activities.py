"""Whether a key result's title says what people do, with no measure of what comes of it."""

from __future__ import annotations

import itertools
import re

from okrsync.domain.okr import KeyResult
from okrsync.practice.lint.quantities import Quantity, lowered, quantities, readable
from okrsync.practice.lint.vocabulary import Words

_HEAD = re.compile(
    r"\W*(?:(?:kr|key result)\s?\d*(?:\.\d+)?\s?[:.)\-–]\s*)?"
    r"(?:(?:by|in|before|until|during) [^,]{1,40},\s*)?"
)
"""What may stand before a title proper: `KR 1:`, `By Q3,`."""
_LONG_SPAN = 86_400.0
"""Seconds: from a day on, a span of time is a deadline or a duration; below, a response that is measured."""
_DEADLINE = re.compile(r"(?:within|in|after|every|per|for|next|last|over|during|first)\s+(?:the\s+)?(?:\w+\s+)?$")
_BEING = re.compile(r"\b(?:is|are|be|been|was|were|goes|go|went|gets|get)(?:\s+\w+ly|\s+now)?\s+$")
_GOES_ON = re.compile(r"(?:by|in|before|on|for|to|and|until|with|from|across|asap)\b|[,;(]")
_LEADING = re.compile(r"\w[^,]*\w")
_PREPOSITION = re.compile(r"\b(?:with|for|to|by|from|of|in|on|at|per|that|which)\b")
_SHARE_OF = re.compile(r"\s*(?:\w+\s+)?of\b")
_IN_TIME = re.compile(r"\b(?:on time|in time|within|without)\b")
_PLURAL = re.compile(r"\w+[^s\W]s")
_SPACES = re.compile(r"[\s-]+")
_FROM_TO = re.compile(r"\s*(?:\([^)]*\)\s*)?(?:to|→|->|-->|=>)\s*(?:[a-z≥≤<>]+\s*){0,3}")
_FROM = re.compile(r"\bfrom\s+(?:[a-z]+\s+){0,2}[~≈<>]?\s*$")
_CONNECTED = re.compile(r"[:–—]\s|\s-\s")


def activity(key_result: KeyResult, words: Words) -> str | None:
    """The words with which a title speaks of work, where nothing measures what comes of it; None for a result."""
    title = readable(key_result.title)
    low = lowered(title)
    verb = _verb_at_the_beginning(low, words)
    # Most titles have none of these words: numbers are looked for in the others only.
    if verb is None and not any(
        form.search(low) for form in (words.done_participles, words.states_of_being, words.deliverables)
    ):
        return None
    if _fields_measure(key_result, low, words):
        return None
    numbers = quantities(title, words)
    if verb is not None:
        return None if _has_effect(low, verb, numbers, words) else title[verb.start() : verb.end()]
    done = _said_to_be_done(low, numbers, words) or _counted_deliverables(low, numbers, words)
    return title[done.start() : done.end()] if done else None


def _verb_at_the_beginning(low: str, words: Words) -> re.Match[str] | None:
    head = _HEAD.match(low)
    at = head.end() if head else 0
    while True:
        found = words.activity_nouns.match(low, at) or words.activities.match(low, at)
        if found:
            return None if _is_noun(found, low, words) else found
        before = words.before_activities.match(low, at)
        if not before:
            return None
        at = before.end() + len(low[before.end() :]) - len(low[before.end() :].lstrip(" ,-"))


def _is_noun(word: re.Match[str], low: str, words: Words) -> bool:
    """`Installs a day`, `test coverage`: what looks like a verb is what is counted or measured."""
    is_plural = _PLURAL.fullmatch(word[0]) is not None
    after = _SPACES.match(low, word.end())
    return is_plural or (after is not None and words.metrics.match(low, after.end()) is not None)


def _said_to_be_done(low: str, numbers: tuple[Quantity, ...], words: Words) -> re.Match[str] | None:
    """`website launched`, `the guide is published by June`, `4 articles published`: work is done, and that is all."""
    counted = [each for each in numbers if not words.deliverables.search(_object(each.noun))]
    if any(not _is_deadline(each, low) for each in counted):
        return None
    for found in words.done_participles.finditer(low):
        rest = low[found.end() :].strip(" .!)")
        is_said = _BEING.search(low[: found.start()]) is not None
        if found.start() > 0 and (is_said or not rest or _GOES_ON.match(rest)):
            return found
    for found in words.states_of_being.finditer(low):
        if found.start() > 0 and (_BEING.search(low[: found.start()]) or not low[found.end() :].strip(" .!)")):
            return found
    return None


def _counted_deliverables(low: str, numbers: tuple[Quantity, ...], words: Words) -> re.Match[str] | None:
    """`12 blog posts`: a number of things to make, and no other number."""
    if len(numbers) != 1 or _LEADING.search(low[: numbers[0].start]):
        return None
    found = words.deliverables.search(low, numbers[0].end)
    return found if found and words.deliverables.search(_object(numbers[0].noun)) else None


def _object(noun: str) -> str:
    """The words behind a number up to a preposition: of `customer interviews with users`, the first two."""
    return _PREPOSITION.split(noun, maxsplit=1)[0]


def _has_effect(low: str, verb: re.Match[str], numbers: tuple[Quantity, ...], words: Words) -> bool:
    for first, second in itertools.pairwise(numbers):
        between = low[first.end : second.start]
        if _FROM_TO.fullmatch(between) and (_FROM.search(low[: first.start]) or "to" not in between):
            return True
    for each in numbers:
        if each.start < verb.end():
            if _is_measure(each, low):
                return True
            continue
        between = low[verb.end() : each.start]
        if words.intentions.search(between):
            continue
        connected = bool(words.leads_to.search(between) or words.effects.search(between) or _CONNECTED.search(between))
        if connected and not _is_deadline(each, low):
            return True
        # A share of things that are worked on is how much of the work is done.
        if _is_measure(each, low) and not (_SHARE_OF.match(low, each.end) and not _IN_TIME.search(low, each.end)):
            return True
    return False


def _is_measure(number: Quantity, low: str) -> bool:
    """Whether a number has a unit that measures, rather than counting pieces of work or days until it is done."""
    if number.unit is None or number.as_word or number.hyphenated:
        return number.is_factor
    return not (number.unit.family == "time" and _is_deadline(number, low))


def _is_deadline(number: Quantity, low: str) -> bool:
    if number.unit is None or number.unit.family != "time":
        return False
    long = number.unit.scale >= _LONG_SPAN
    return number.hyphenated or (long and _DEADLINE.search(low[: number.start]) is not None)


def _fields_measure(key_result: KeyResult, low: str, words: Words) -> bool:
    """Whether the fields measure something that the title does not name: signups, where it says to launch a page."""
    unit = key_result.unit.strip().lower()
    if not unit or key_result.target is None:
        return False
    known = words.unit_of(unit)
    if known is not None:
        return known.family != "percent" and not (known.family == "time" and known.scale >= _LONG_SPAN)
    if "%" in unit or words.outputs.search(unit):
        return False
    stem = re.escape(unit.split()[-1].rstrip("s"))
    return re.search(rf"\b{stem}", low) is None
