"""The alignment cache: one SQLite file between the documents and the trackers, which may be lost at any moment.

It keeps links, baselines for the three-way merge, what was read, values over time, the outbox, and the status that
other tools read through views. It may import `okrsync.domain`, `okrsync.trackers` and `okrsync.plan`.
Start with `values`, then `reading` (the fast way, standard library alone) and `cache` (the way to write);
`tables/` holds one module a subject with all of its SQL, `migrations` the schema.
"""
