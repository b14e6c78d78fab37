"""Every key that an OKR document may have. Reading, its messages and the JSON Schema all come from this description."""

from __future__ import annotations

from collections.abc import Mapping

from okrsync.documents.forms import (
    DATE,
    FLAG,
    LINE,
    NAMES,
    NUMBER,
    POSITIVE,
    PROSE,
    QUERY_TEXT,
    SHARE,
    SINCE,
    SLUG_TEXT,
    UNIT,
    Key,
    Keys,
    choice,
    keys_of,
    table,
    tables,
)
from okrsync.domain.okr import Kind, Level, Origin, Stage

_QUERY = Key("query", QUERY_TEXT, "A query in the tracker's own language: JQL, or GitHub's issue search syntax.", True)
_NUMBER_FIELD = Key("field", LINE, "The name of the tracker's field that holds the number.", True)
_WEIGHT_FIELD = Key("field", LINE, "The name of a number field that weighs each issue. Absent: each counts the same.")
_SINCE = Key(
    "since",
    SINCE,
    "Only issues created since then: `cycle` for those created within the key result's cycle, a day, or `-7d`, `-2w`.",
)
_APPROXIMATE = Key(
    "approximate", FLAG, "Be content with the tracker's quick estimate, where it has one.", default=False
)
_MAY_BE_EMPTY = Key(
    "may_be_empty",
    FLAG,
    "Nothing that matches is an answer: 0. Else the last value stays until somebody checks in 0.",
    default=False,
)

MEASURES: Mapping[str, Keys] = {
    "manual": {},
    "field": keys_of(
        Key("field", LINE, "The name of the tracker's number field, where it differs from the mapping's."),
        Key("item", LINE, "The key of another item to read: PLAT-7, acme/web#12.", examples=("PLAT-7",)),
    ),
    "children": keys_of(
        Key("of", choice("objective", "key-result"), "Whose children: those of its own item, or of the objective's."),
        Key("by", LINE, "`count`, or the name of the points field that weighs each child.", default="count"),
        Key("pull_requests", FLAG, "Whether pull requests count too.", default=False),
    ),
    "count": keys_of(_QUERY, _SINCE, _MAY_BE_EMPTY, _APPROXIMATE),
    "sum": keys_of(_QUERY, _NUMBER_FIELD, _SINCE, _MAY_BE_EMPTY),
    "average": keys_of(_QUERY, _NUMBER_FIELD, _SINCE),
    "done": keys_of(_QUERY, _WEIGHT_FIELD, _SINCE),
}
"""The options of each source of values that okrsync brings. A plugin's source has options of its own."""

MEASURE_MEANING = (
    "Where the current value comes from. `manual`: check-ins; `field`: a number field of the tracker's item;"
    " `children`: the share done of the items below; `count`, `sum`, `average`, `done`: over a query;"
    " any other name: a plugin's measure."
)


_MEASURE = Key("measure", table({"$ref": "#/$defs/measure"}), MEASURE_MEANING)
_OWNER = "The person who answers for it."
_AUDIENCE = Key(
    "audience", LINE, "Who sees it in reports: `everyone`, or a name under [audiences].", default="everyone"
)

PHASE = keys_of(
    Key("by", DATE, "The last day of the phase.", True),
    Key("target", NUMBER, "The value that should be reached by then.", True),
)

TARGET_CHANGE = keys_of(
    Key("on", DATE, "The day of the change.", True),
    Key("from", NUMBER, "The target before.", True),
    Key("to", NUMBER, "The target since then.", True),
    Key("reason", LINE, "Why it was changed.", True),
    Key("by", LINE, "Who changed it."),
)

SCORE = keys_of(
    Key("computed", SHARE, "The score that baseline, target and the final value give, 0 to 1.", True),
    Key("final", NUMBER, "The final value that it was computed from."),
    Key("adjustment", NUMBER, "What the team added or took away, at most [scoring] adjustment.", default=0.0),
    Key("reason", LINE, "Why the score was adjusted: effort, or market conditions."),
    Key("by", LINE, "Who adjusted it."),
    Key("on", DATE, "The day of the scoring."),
)

RETROSPECTIVE = keys_of(
    Key("learned", PROSE, "What was learned."),
    Key("went_well", PROSE, "What went well."),
    Key("better", PROSE, "What can be better."),
    Key("missed", PROSE, "Why key results were missed."),
)

KEY_RESULT = keys_of(
    Key("id", SLUG_TEXT, "Its name in references, unique in its objective.", True, examples=("p95",)),
    Key("title", LINE, "The result, quantified.", True, examples=("Cut p95 sign-up time from 4.0 s to 1.5 s",)),
    Key(
        "kind",
        choice(*Kind),
        "`reach`: from baseline to target; `maintain`: stay within min and max; `done`: happen or not."
        " Absent: `maintain` where only min or max is given, else `reach`.",
    ),
    Key("baseline", NUMBER, "Where it starts."),
    Key("target", NUMBER, "Where it should end; below the baseline where less is better."),
    Key("min", NUMBER, "The lowest value that is still well, for `maintain`."),
    Key("max", NUMBER, "The highest value that is still well, for `maintain`."),
    Key("unit", UNIT, "What the numbers count: %, s, days.", default=""),
    Key("weight", POSITIVE, "How much it counts beside the objective's other key results.", default=1.0),
    _MEASURE,
    Key(
        "phases",
        tables("{ by = 2026-10-31, target = 2.5 }", {"$ref": "#/$defs/phase"}),
        "Steps on the way, where progress is not due evenly over the cycle.",
    ),
    Key("owner", LINE, _OWNER + " Absent: the objective's owner."),
    Key("due", DATE, "The day by which it is due, within the cycle. Absent: the objective's."),
    Key(
        "target_changes",
        tables('{ on = 2026-11-15, from = 1.5, to = 2.0, reason = "…" }', {"$ref": "#/$defs/target_change"}),
        "How the target was changed in the course of the cycle; target is the newest.",
    ),
    Key("score", table({"$ref": "#/$defs/score"}), "What it scored at the end of the cycle."),
)

OBJECTIVE = keys_of(
    Key("id", SLUG_TEXT, "Its name in references, unique in the cycle.", True, examples=("instant-signup",)),
    Key("title", LINE, "Where you want to go, in words.", True, examples=("Make signing up feel instant",)),
    Key("why", PROSE, "Why it matters."),
    Key("origin", choice(*Origin), "Whether it was set from above or proposed from below.", default="top-down"),
    Key("aligns_to", NAMES, "What it supports: `objective` or `objective/key-result` of the same cycle."),
    Key("contributes", FLAG, "Whether its progress counts in its parent's.", default=False),
    Key("stage", choice(*Stage), "How far it has come.", default="committed"),
    _AUDIENCE,
    Key("due", DATE, "The day by which it is due, within the cycle. Absent: the cycle's end."),
    Key("owner", LINE, _OWNER + " Absent: the document's owner."),
    Key("reviewed_by", NAMES, "The reviewers who agreed to it.", examples=(["erin"],)),
    Key(
        "retrospective",
        table({"$ref": "#/$defs/retrospective"}),
        "The answers to the review's questions at the end of the cycle: learned, went_well, better, missed.",
    ),
    Key(
        "key_results",
        tables("[[objectives.key_results]]", {"$ref": "#/$defs/key_result"}),
        "The results that show whether it is being reached; two to five.",
    ),
)

KPI = keys_of(
    Key("id", SLUG_TEXT, "Its name in references, unique in the cycle.", True, examples=("uptime",)),
    Key("title", LINE, "What it watches.", True, examples=("API availability",)),
    Key("min", NUMBER, "The lowest value that is still well."),
    Key("max", NUMBER, "The highest value that is still well."),
    Key("unit", UNIT, "What the numbers count: %, s, days.", default=""),
    _MEASURE,
    Key("owner", LINE, _OWNER + " Absent: the document's owner."),
    _AUDIENCE,
)

DOCUMENT = keys_of(
    Key(
        "cycle",
        LINE,
        "The cycle: YYYY-Qn, YYYY-Hn, YYYY, or a name defined under [cycles] in okrsync.toml.",
        True,
        examples=("2026-Q4",),
    ),
    Key("level", choice(*Level), "Whose OKRs these are.", True),
    Key("team", LINE, "The team or department.", examples=("platform",)),
    Key("owner", LINE, _OWNER, examples=("dana",)),
    Key(
        "objectives",
        tables("[[objectives]]", {"$ref": "#/$defs/objective"}),
        "The objectives; at most five for one owner.",
    ),
    Key("kpis", tables("[[kpis]]", {"$ref": "#/$defs/kpi"}), "Health figures that should stay within a band."),
)
