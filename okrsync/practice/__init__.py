"""The practice of OKRs as rules: what good ones look like, what check-ins say, how a cycle is scored and carried over.

Pure: no clock, no file, no network, no logging. It imports `okrsync.domain` and `okrsync.problems` only.
Start with `lint` for what is found in documents, with `review` and `scoring` for half time and the end of a cycle.
"""
