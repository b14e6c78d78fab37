"""Deciding what a sync should do: documents, snapshot and baseline in, a frozen plan out.

Pure: no clock, no file, no network, no logging. It imports `okrsync.practice` and `okrsync.domain` only.
Start with `planner.make_plan`; `values` says what goes in and comes out, `merge` is the three-way decision table.
"""
