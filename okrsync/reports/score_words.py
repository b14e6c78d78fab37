"""How scores read beside progress: what a key result scored, and an objective of which every key result is scored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from okrsync.domain.okr import KeyResult
from okrsync.domain.progress import roll_up
from okrsync.domain.status import KeyResultStatus, ObjectiveStatus
from okrsync.practice.scoring import DIGITS, Bounds, score_text


@dataclass(frozen=True)
class ScoreWords:
    """The words for scores as of a day: what was scored later is not known then."""

    bounds: Bounds
    today: date

    def of(self, status: ObjectiveStatus | KeyResultStatus) -> tuple[str, str] | None:
        """A score, 0.0–1.0, and its band, for example `0.70` and `good`; None where there is none (yet)."""
        if isinstance(status, KeyResultStatus):
            value = self._recorded(status.key_result)
        else:
            values = [(each.weight, self._recorded(each)) for each in status.objective.key_results]
            rolled = roll_up(values).progress if all(score is not None for _, score in values) else None
            value = None if rolled is None else round(rolled, DIGITS)
        return None if value is None else (score_text(value, self.bounds), str(self.bounds.band(value)))

    def _recorded(self, key_result: KeyResult) -> float | None:
        score = key_result.score
        return None if score is None or (score.on is not None and score.on > self.today) else score.value
