"""The daemon: polls, complete syncs and reminders on a schedule, until somebody asks it to stop.

It may import everything below the commands. Start with `schedule` (pure: when something is due), then `loop`; what
happens is told as `events` to whoever observes, and `state` is what `okrsync daemon status` reads.
"""
