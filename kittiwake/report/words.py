"""What the words of a decision mean, for people who read a page and no reference.

Pure.
"""

from __future__ import annotations

from typing import Final

from kittiwake.reasons import Outcome, Reason

FIRED: Final = str(Outcome.FIRED)

MEANINGS: Final[dict[str, str]] = {
    FIRED: "It passed every gate: a message would have gone out.",
    Reason.NOT_READY: "It fell due before the policy lets anything be sent, or before enough history was there.",
    Reason.CONDITION_UNMET: "What the rule asks for when it falls due did not hold then.",
    Reason.NO_CONSENT: "The contact has not agreed to such messages, or does so no more.",
    Reason.REENTRY: "The rule had fired for this contact already, and may not again so soon.",
    Reason.FEED_SILENT: "Events that call it off had stopped coming from anybody, and the run ended first.",
    Reason.FLOODED: "More events of its type came than the breaker lets through, and the run ended first.",
    Reason.QUIET_HOURS: "It was held for the night, and the run ended first.",
    Reason.ARBITRATION: "It was held until the end of its round, and the run ended first.",
    Reason.OUTRANKED: "Another rule won the round.",
    Reason.FREQUENCY_CAP: "The contact had had as many messages as the policy allows.",
    Reason.EXPIRED: "It was held until it was not worth sending any more.",
    Reason.ROLLOUT: "The rule is sent to some contacts only for now, and this one is not among them.",
    Reason.HOLDOUT: "The contact is in the group that is sent nothing, so that the others can be compared with it.",
    Reason.SHADOW: "The rule is in shadow: it is counted, and nothing is sent.",
    Reason.SUPERSEDED: "A newer or a higher one took its turn.",
    Reason.DIGESTED: "It stands in the list of another message.",
    Reason.UNLISTED: "The message that lists such things was full.",
    Reason.LIMIT: "A bound of the product was met.",
    Reason.NOT_ENTERED: "The contact left an audience, and nothing had gone out when it entered.",
    Reason.UNLESS: "While it was held back, the contact did what calls it off.",
    Reason.REVERTED: "While it was held back, the change was taken back.",
    Reason.EXITED: "While it was held back, the contact left the audience.",
    Reason.DELETED: "The contact was deleted first.",
    Reason.MERGED: "The contact was merged into another first.",
    Reason.FORGOTTEN: "The contact had been silent so long that it was forgotten.",
    Reason.RULE_CHANGED: "The rule was changed while it was pending.",
    Reason.RULE_REMOVED: "The rule was removed while it was pending.",
    Reason.LATE_EVENT: "An event that came late showed that it should not have been decided.",
}
"""By outcome or reason."""


def meanings(words: set[str]) -> list[tuple[str, str]]:
    """Of these words those that have a meaning here, in the order of the gates."""
    return [(str(word), meaning) for word, meaning in MEANINGS.items() if str(word) in words]
