"""OKR documents: TOML files that people write and review, read into `okrsync.domain` values and changed in place.

May be imported here: `okrsync.domain`, and the reading of TOML files (`toml_files`, `toml_lines`, `problems`).
Start with `loading` (a folder in, OKRs or all problems out); `keys` describes every key that a document may have.
"""

from okrsync.documents.loading import Documents, Drafts, check, load, read_drafts

__all__ = ["Documents", "Drafts", "check", "load", "read_drafts"]
