"""What of a rule with `digest` has passed at one release: which is listed, and what the digest says (semantics 7)."""

from fractions import Fraction
from typing import Any

from tests.oracle import clock
from tests.oracle.state import Candidate, events_of, named
from tests.oracle.values import exact, is_number


def newest_of_each(passed: list[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Of each instance the last; and the others."""
    last = {each.episode.key: each for each in passed}
    return [each for each in passed if last[each.episode.key] is each], [
        each for each in passed if last[each.episode.key] is not each
    ]


def best_first(candidates: list[Candidate]) -> list[Candidate]:
    """By the field that the digest names, then the newest, then by instance."""
    return sorted(candidates, key=lambda each: (_without_number(each), -_number(each), -_newest(each), _key(each)))


def _said(candidate: Candidate) -> Any:
    assert candidate.rule.digest is not None
    name = candidate.rule.digest[1]
    return exact(candidate.episode.include.get(name)) if name else Fraction(0)


def _without_number(candidate: Candidate) -> bool:
    return not is_number(_said(candidate))


def _number(candidate: Candidate) -> Fraction:
    assert candidate.rule.digest is not None
    value = _said(candidate) if is_number(_said(candidate)) else Fraction(0)
    return value if candidate.rule.digest[2] else -value


def _newest(candidate: Candidate) -> int:
    last = candidate.episode.last
    return last.time if last else 0


def _key(candidate: Candidate) -> bytes:
    return candidate.episode.key.encode()


def entry(row: dict[str, Any]) -> dict[str, Any]:
    """What a digest says of the row of an instance."""
    shown = {name: row[name] for name in ("instance", "reminder", "occurrence", "include")}
    return {**shown, "time": clock.rfc3339(row["time_us"]), "of": named(row)}


def events_of_all(listed: list[Candidate]) -> dict[str, Any] | None:
    """The first and the newest event of all, and how many there were."""
    openers = [each.episode.opener for each in listed if each.episode.opener]
    newest = [each.episode.last for each in listed if each.episode.last]
    first = min(openers, key=lambda each: (each.time, each.id, each.type))
    last = max(newest, key=lambda each: (each.time, each.id))
    return events_of(first, last, sum(each.episode.count for each in listed))
