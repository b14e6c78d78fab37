"""okrsync.toml: found, read, and checked whole; and the secrets that it points to.

May be imported here: `okrsync.domain`, `okrsync.trackers`, and the reading of TOML files.
Start with `models` (what the file may say), then `loading`.
"""

from okrsync.settings.loading import check, load
from okrsync.settings.mappings import MappingSettings
from okrsync.settings.models import Settings
from okrsync.settings.sources import SourceSettings
from okrsync.settings.trackers import TokenSource, TrackerSettings
from okrsync.settings_file import find

__all__ = ["MappingSettings", "Settings", "SourceSettings", "TokenSource", "TrackerSettings", "check", "find", "load"]
