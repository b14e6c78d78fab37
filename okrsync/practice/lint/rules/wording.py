"""What rules have in common that judge how something is worded."""

from __future__ import annotations

from okrsync.domain.linting import Rule
from okrsync.practice.lint.vocabulary import Words


class WordingRule(Rule):
    """A rule that reads titles with the words of a language."""

    def __init__(self, words: Words) -> None:
        self._words = words
