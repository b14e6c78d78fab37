"""okrsync's own comments: a check-in as people read it, ending with a line from which an empty cache gets it back; and
the answer to a line that nobody could read.

The line holds letters, digits and single spaces as they are, and everything else in its texts as `%` and two
hexadecimal digits for each byte of UTF-8: no tracker's markup changes it, and it can call nobody by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from okrsync.domain.items import Markup
from okrsync.domain.numbers import number_text, quantity_text
from okrsync.domain.okr import KeyResult, Kind
from okrsync.practice.check_in_values import example
from okrsync.practice.check_ins import Said

LONGEST_COMMENT = 32_000
"""Characters; Jira takes 32,767, GitHub 65,536."""


@dataclass(frozen=True)
class Signed:
    """A check-in as a comment of okrsync tells it, with who made it and when."""

    key_result: str
    """The id of the key result, below its objective."""
    said: Said
    author: str
    at: datetime
    """In UTC, to the microsecond."""
    entered_by: str = ""
    """Who entered it on the author's behalf; empty where the author did."""

    @property
    def signature(self) -> str:
        """What tells this check-in of a key result from all others: its author and its exact time."""
        return f"by {_encoded(self.author)} at {_stamp(self.at)}"


_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_SIGNED = re.compile(
    rf"okr (?P<name>[a-z0-9._-]+):(?: (?P<value>{_NUMBER})(?=[ ;]))?(?: @(?P<confidence>{_NUMBER})(?=[ ;]))?"
    r"(?: (?P<note>[^;]+))?(?:; obstacles: (?P<obstacles>[^;]+))?(?:; help: (?P<help>[^;]+))?"
    r"; by (?P<author>[^;]*?) at (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{15}Z)(?:, entered by (?P<entered>[^;]+))?"
)
_ANSWER = re.compile(r"okrsync answers comment (?P<id>[\w.:/#-]*[\w])")


def line(signed: Signed) -> str:
    """The line of a check-in that `signed_in` reads back."""
    said = signed.said
    parts = [f"okr {signed.key_result}:"]
    parts += [number_text(said.value)] if said.value is not None else []
    parts += [f"@{number_text(said.confidence)}"] if said.confidence is not None else []
    parts += [_encoded(said.note, first=True)] if said.note else []
    tail = f"; obstacles: {_encoded(said.obstacles)}" if said.obstacles else ""
    tail += f"; help: {_encoded(said.help_needed)}" if said.help_needed else ""
    entered = f", entered by {_encoded(signed.entered_by)}" if signed.entered_by else ""
    return f"{' '.join(parts)}{tail}; {signed.signature}{entered}"


def render(signed: Signed, key_result: KeyResult, markup: Markup, *, named: bool) -> str:
    """The comment that tells people of a check-in; `named`: on an item of which the key result is but one part."""
    said = signed.said
    strong = "**{}**" if markup is Markup.MARKDOWN else "*{}*"
    about = f" on {in_markup(key_result.title, markup)}" if named else ""
    entered = f" (entered by {in_markup(signed.entered_by, markup)})" if signed.entered_by else ""
    figures = [_value(said.value, key_result)] if said.value is not None else []
    figures += [f"confidence {number_text(round(said.confidence, 4))}"] if said.confidence is not None else []
    facts = f": {in_markup(', '.join(figures), markup)}" if figures else ""
    head = f"{strong.format('Check-in')} by {in_markup(signed.author, markup)}{entered}{about}{facts}"
    bullet = "-" if markup is Markup.MARKDOWN else "*"
    told = (("Note", said.note), ("Obstacles", said.obstacles), ("Help needed", said.help_needed))
    listed = [f"{bullet} {name}: {in_markup(text, markup)}" for name, text in told if text.strip()]
    written = line(signed)
    # GitHub takes @0 for the name of an account, unless it stands in code.
    written = f"`{written}`" if markup is Markup.MARKDOWN else written
    return "\n\n".join(part for part in (head, "\n".join(listed), written) if part)


def _value(value: float, key_result: KeyResult) -> str:
    if key_result.kind is Kind.DONE:
        return "done" if value >= 1 else "not done yet"
    return quantity_text(value, key_result.unit)


def signed_in(text: str) -> Signed | None:
    """The check-in that a comment of okrsync tells; None where it is somebody's own text."""
    last = next((each for each in reversed(text.splitlines()) if each.strip()), "")
    bare = last.replace("\u00a0", " ").replace("\\", "").strip().strip("`").strip()
    if bare.startswith("{{") and bare.endswith("}}"):
        bare = bare[2:-2].strip()
    found = _SIGNED.fullmatch(bare)
    if found is None:
        return None
    try:
        at = datetime.strptime(found["at"], _STAMP).replace(tzinfo=UTC)
        confidence = float(found["confidence"]) if found["confidence"] else None
        said = Said(
            float(found["value"]) if found["value"] else None,
            confidence,
            _decoded(found["note"]),
            _decoded(found["obstacles"]),
            _decoded(found["help"]),
        )
        signed = Signed(found["name"], said, _decoded(found["author"]), at, _decoded(found["entered"]))
    except ValueError:
        return None
    return signed if confidence is None or 0 <= confidence <= 1 else None


def answer(comment_id: str, why: str, key_result: KeyResult | None, markup: Markup) -> str:
    """The answer to a comment with a line that is no check-in: why, and how to write it. It quotes nothing."""
    code = "`{}`" if markup is Markup.MARKDOWN else "{{{{{}}}}}"
    name = f" {key_result.ref.key_result}" if key_result else ""
    written = f"okr{name}: {example(key_result) if key_result else '3.1'} @0.6 waiting for the vendor"
    unit = f" (in {in_markup(key_result.unit, markup)})" if key_result and key_result.unit else ""
    return (
        f"This is no check-in yet: {in_markup(why, markup)}.\n\n"
        f"Write it on a line of its own, as {code.format(written)}: the value now{unit}, how sure you are that the"
        " target is reached (0 to 1), and a note. You may edit your comment, or write a new one.\n\n"
        f"okrsync answers comment {comment_id}"
    )


def refusal(comment_id: str, why: str, markup: Markup) -> str:
    """The answer to a check-in that is readable and not its author's to make."""
    return f"This check-in does not count: {in_markup(why, markup)}.\n\nokrsync answers comment {comment_id}"


def answered_in(text: str) -> str | None:
    """The id of the comment that a comment of okrsync answers; None where it answers none."""
    last = next((each for each in reversed(text.splitlines()) if each.strip()), "")
    found = _ANSWER.fullmatch(last.replace("\\", "").strip().strip("_*"))
    return found["id"] if found else None


_STAMP = "%Y-%m-%dT%H:%M:%S.%fZ"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _encoded(text: str, *, first: bool = False) -> str:
    """A text of letters, digits, commas, full stops and single spaces; `first` where it stands after the numbers."""
    made = []
    for index, each in enumerate(text):
        before, after = text[index - 1 : index], text[index + 1 : index + 2]
        plain = (each.isalnum() and each <= "\uffff") or (
            (each in ",.") or (each == "-" and before.isalnum() and after.isalnum())
        )
        if each == " ":
            plain = bool(before.strip()) and bool(after.strip())
        if first and index == 0 and not each.isalpha():
            plain = False
        made.append(each if plain else "".join(f"%{byte:02X}" for byte in each.encode("utf-8", "replace")))
    return "".join(made)


def _decoded(text: str | None) -> str:
    return unquote(text or "", errors="strict")


_MARKUP = {
    Markup.MARKDOWN: re.compile(r"(?P<url>https?://[^\s<>|`\\]+)|[\\`*_\[\]<>&~|!#]"),
    Markup.WIKI: re.compile(r"(?P<url>https?://[^\s|\[\]{}\\]+)|[\\{}\[\]*_^~!|]|(?<!\w)[-+](?=\S)|\?(?=\?)", re.ASCII),
}


def in_markup(text: str, markup: Markup) -> str:
    """Somebody's text on one line that the tracker shows as it was written, and that calls nobody."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return _MARKUP[markup].sub(lambda found: _escaped(found, markup), _unheard(words, markup))


def _unheard(text: str, markup: Markup) -> str:
    # A backslash keeps no mention from being one on GitHub; a space that nobody sees does.
    return re.sub(r"@(?=\w)", "@\u200b", text) if markup is Markup.MARKDOWN else text


def _escaped(found: re.Match[str], markup: Markup) -> str:
    if found["url"]:
        return found.group()
    return f"\\{found.group()}" + ("\u200b" if markup is Markup.MARKDOWN and found.group() == "#" else "")
