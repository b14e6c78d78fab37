"""The practice of OKRs as rules: what good ones look like, what a check-in may say, how a cycle is scored and carried over.

Pure: no clock, no file, no network, no logging. It imports `okrsync.domain` and `okrsync.problems` only.
Start with `lint` for what is found in documents.
"""
