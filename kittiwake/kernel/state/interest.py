"""What is remembered of a contact's interest in an item, part of the state (`state.RuleState`)."""

from __future__ import annotations

import msgspec


class Interest(msgspec.Struct, array_like=True, gc=False):
    """The newest interest that a contact has shown in an item."""

    newest_us: int
    shown: str = "{}"
    """What `include` needs of the event, as canonical JSON."""
    is_known: bool = False
    """Whether the item has changed since: then `reference` is what it was at the interest."""
    reference: str | None = None
    """The value at the interest, as canonical JSON; None: it had none. Only of a rule with `since: interest`."""
