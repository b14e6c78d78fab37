"""What OKRs are, as frozen values, and the arithmetic on them.

Nothing here reads a clock, a file or a network; nothing here imports another part of okrsync.
Start with `okr` (the values), then `progress` (every number that okrsync shows).
"""
