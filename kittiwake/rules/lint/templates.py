"""How other systems name a property or an attribute in a text: `{{event.total}}`, `${total}`, `$total`.

Pure. Called by the lints of texts and of paths.
"""

from __future__ import annotations

import re
from typing import Final

_TEMPLATE: Final = r"\s*(?:\{\{\s*|\$\{\s*|\$)(\w+(?:\.\w+)*)\s*(?:\|[^}]*)?\}{0,2}\s*"
_OF_EVENT: Final = r"(?:event|trigger|properties|event_properties)\."
_OF_CONTACT: Final = r"(?:contact|customer|person|profile|user|subscriber|traits|custom_attribute)\."


def path_in(text: str) -> str | None:
    """The path that a template names; None where a text is none.

    >>> path_in("{{ event.total }}"), path_in("{{customer.tier | upcase}}"), path_in("$total"), path_in("total")
    ('total', 'contact.tier', 'total', None)
    """
    found = re.fullmatch(_TEMPLATE, text)
    if found is None:
        return None
    path = re.sub(_OF_EVENT, "", found[1], count=1) if re.match(_OF_EVENT, found[1]) else found[1]
    path = re.sub(r"^properties\.", "", path)
    return re.sub(_OF_CONTACT, "contact.", path, count=1) if re.match(_OF_CONTACT, path) else path
