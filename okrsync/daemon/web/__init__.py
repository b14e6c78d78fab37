"""The daemon's port, where `--listen` asks for one: webhooks in, and how the daemon is for those who watch it.

Webhooks are hints where to look; `receiving` says what becomes of a delivery and `gathering` when the daemon hears of
it, both pure. `health` and `metrics` tell what `okrsync daemon status` tells. Start with `port`.
"""
