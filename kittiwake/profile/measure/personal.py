"""What looks like personal data: by the name of a property, or by the text itself.

Pure. It errs to the safe side and is no proof of anything: a profile leaves out the values of what looks so.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

WORDS: Final = frozenset(
    {
        *("address", "geo", "lat", "latitude", "lng", "lon", "longitude", "postal", "postcode", "street", "zip"),
        *(
            "birth",
            "birthdate",
            "birthday",
            "dob",
            "firstname",
            "forename",
            "fullname",
            "lastname",
            "surname",
            "username",
        ),
        *("card", "cookie", "iban", "ip", "license", "passport", "password", "secret", "signature", "ssn", "token"),
        *("email", "fax", "mail", "mobile", "msisdn", "phone", "recipient", "tel", "telephone", "username"),
    }
)
"""Words of names of properties whose values are about a person: an e-mail address, a place to live."""

PAIRS: Final = frozenset(
    {
        *("billing_name", "customer_name", "display_name", "family_name", "first_name", "full_name", "given_name"),
        *("last_name", "middle_name", "nick_name", "person_name", "shipping_name", "user_name"),
        *("customer_id", "person_id", "user_id", "user_agent", "device_id"),
    }
)
"""Two words that are only so together: a product has a name too."""

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PHONE: Final = re.compile(r"(?:\+|00)[1-9][0-9 ()/.-]{6,20}[0-9]", re.ASCII)
_IP: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}", re.ASCII)


def is_personal_name(path: tuple[str, ...], *, of_contact: bool) -> bool:
    """Whether the name at a path is one of personal data; a contact's own `name` is, and that of a product is not.

    >>> is_personal_name(("traits", "firstName"), of_contact=False), is_personal_name(("name",), of_contact=False)
    (True, False)
    """
    words = [word.lower() for name in path for word in _WORD.findall(name)]
    pairs = {f"{left}_{right}" for left, right in pairwise(words)}
    return bool(WORDS.intersection(words) or pairs & PAIRS or (of_contact and "name" in words))


def looks_personal(text: str) -> bool:
    """Whether a text is an address of e-mail, a number of a telephone or an address of the internet.

    >>> looks_personal("ann@example.org"), looks_personal("+49 30 901820"), looks_personal("p-1")
    (True, True, False)
    """
    if "@" in text:
        return _MAIL.search(text) is not None
    if text[:1] in ("+", "0") and _PHONE.fullmatch(text):
        return True
    return (text.count(".") == 3 or text.count(":") == 7) and _IP.fullmatch(text) is not None
