"""Reports: data in, text or JSON out. They may read the cache, and they never talk to a tracker.

Start with `facts` (what the cache knows), then `as_json` (the contract of `status --json`).
"""
