"""One module a subject of the cache, each with all the SQL of its tables and the way between rows and values.

They need the standard library and `okrsync.domain` alone, and take a `Session`: one for reading cannot write.
"""
