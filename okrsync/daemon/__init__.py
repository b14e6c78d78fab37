"""The daemon: polls, complete syncs and reminders on a schedule, until somebody asks it to stop.

It may import everything below the commands. Start with `schedule` (pure: when something is due), then `loop`; `running`
has the runs done, by `working` in this process or by `apart` in one of their own; what happens is told as `events` to
whoever observes, and `state` is what `okrsync daemon status` reads.
"""
