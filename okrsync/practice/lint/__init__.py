"""Lint: every rule is a small class with a code, and sees documents, settings and what the cache remembers as values.

It imports `okrsync.domain` only; `okrsync.domain.linting` has what rules share with plugins.
Start with `registry` (every rule), then `running` (what is selected, and in which order it is told).
"""
