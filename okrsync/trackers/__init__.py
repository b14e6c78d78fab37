"""How okrsync speaks with trackers: the interface, its values and errors, the hooks, and the one retry policy.

A tracker plugin imports this package and `okrsync.domain`, nothing else of okrsync.
Start with `interface`, then `values`; `errors` says how a plugin classifies what goes wrong.
"""
