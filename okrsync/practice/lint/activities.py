"""Whether a key result's title says what people do, with no measure of what comes of it."""

from __future__ import annotations

import re

from okrsync.domain.okr import KeyResult
from okrsync.practice.lint.quantities import Quantity, lowered, quantities, readable
from okrsync.practice.lint.vocabulary import Words

_HEAD = re.compile(r"\W*(?:(?:kr|key result)\s?\d*(?:\.\d+)?\s?[:.)\-–]\s*)?(?:(?:by|in|before|until|during) [^,]{1,40},\s*)?")
_LONG_SPAN = 86_400.0
"""Seconds: from a day on, a span of time is a deadline or a duration; below, a response that is measured."""
_DEADLINE = re.compile(r"(?:within|in|after|every|per|for|next|last|over|during|first)\s+(?:the\s+)?(?:\w+\s+)?$")
_CONNECTED = re.compile(r"[:–—]\s|\s-\s")


def activity(key_result: KeyResult, words: Words) -> str | None:
    """The words with which a title speaks of work, where nothing measures what comes of it; None for a result."""
    title = readable(key_result.title)
    low = lowered(title)
    numbers = quantities(title, words)
    if _fields_measure(key_result, low, words):
        return None
    verb = _verb_at_the_beginning(low, words)
    if verb is not None:
        return None if _has_effect(low, verb, numbers, words) else title[verb.start() : verb.end()]
    done = _participle_at_the_end(low, words)
    if done is not None and not any(_is_measure(each, low) for each in numbers):
        return title[done.start() : done.end()]
    return None


def _verb_at_the_beginning(low: str, words: Words) -> re.Match[str] | None:
    head = _HEAD.match(low)
    at = head.end() if head else 0
    while True:
        found = words.activity_nouns.match(low, at) or words.activities.match(low, at)
        if found:
            return found
        before = words.before_activities.match(low, at)
        if not before:
            return None
        at = before.end() + len(low[before.end() :]) - len(low[before.end() :].lstrip(" ,-"))


def _participle_at_the_end(low: str, words: Words) -> re.Match[str] | None:
    """`website launched`, `the guide is published by June`: work is done, and that is all."""
    for found in words.done_participles.finditer(low):
        rest = low[found.end() :].strip(" .!)")
        if found.start() > 0 and (not rest or re.match(r"(?:by|in|before|on|for|to|and|until|with)\b", rest)):
            return found
    return None


def _has_effect(low: str, verb: re.Match[str], numbers: tuple[Quantity, ...], words: Words) -> bool:
    completing = words.completing.search(verb[0]) is not None
    for each in numbers:
        if each.start < verb.end():
            if _is_measure(each, low):
                return True
            continue
        between = low[verb.end() : each.start]
        connected = bool(
            words.leads_to.search(between) or words.effects.search(between) or _CONNECTED.search(between)
        )
        if connected and not _is_deadline(each, low):
            return True
        if _is_measure(each, low) and not (completing and each.unit and each.unit.family == "percent"):
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
