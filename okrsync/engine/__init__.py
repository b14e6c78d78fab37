"""Doing what a plan says, and finding out what it needs to know: the one place where I/O is put in order.

fetch (read the trackers into a snapshot) → measure (find current values) → plan (pure, in `okrsync.plan`) → apply
(through the outbox). Start with `engine.Engine`.
"""
