"""Names by which exports call a contact, a type, a time, an id and an amount, the surest first.

Pure. Names are compared in lower case, without blanks and signs, alone and with the key above them.
"""

from __future__ import annotations

import re
from typing import Final

from kittiwake.input.mapping.spec import FieldPath

TIMES: Final = (
    "timestamp", "eventtimestamp", "eventtime", "clienteventtime", "occurredat", "derivedtstamp", "servertimestamp",
    "ts", "time", "datecreatedgmt", "createdat", "created", "datecreated", "processedat", "placedat",
    "orderpurchasetimestamp", "purchasetime", "purchasedate", "orderdate", "ordertime", "transactiondate",
    "transactiontime", "invoicedate", "happenedat", "when", "datetime", "date", "day", "bestelldatum", "datum",
)  # fmt: skip
NO_TIMES: Final = re.compile(
    r"updat|modif|deliver|approv|receiv|sent|cancel|clos|birth|expir|estimat|upload|load|process_?time|until|limit|zone"
    r"|first|previous|last|etl|dvce",
    re.IGNORECASE,
)
"""Times of something else than what happened."""

CONTACTS: Final = (
    "contactid", "userid", "customeruniqueid", "customerid", "customer", "custid", "customernumber", "customerno",
    "memberid", "clientid", "subscriberid", "profileid", "personid", "buyerid", "shopperid", "loyaltyid", "kundennr",
    "kundennummer", "kundenid", "kunde", "kontakt", "kontaktid", "contact", "uid", "user", "member", "client",
    "clientnumber", "distinctid", "visitorid",
)  # fmt: skip
EMAILS: Final = ("email", "customeremail", "useremail", "billingemail", "contactemail", "emailaddress")
VISITORS: Final = (
    "anonymousid", "userpseudoid", "domainuserid", "deviceid", "visitorid", "cookieid", "clientid", "distinctid",
    "sessionid",
)  # fmt: skip
TYPES: Final = ("eventname", "eventtype", "event", "type", "activity", "action", "actiontype", "behavior", "verb")
TYPES_IF_DOTTED: Final = ("name", "kind", "topic", "what", "subject", "category")
"""Names of types only where every value is dotted words: else they are of people, products or pages."""
IDS: Final = (
    "eventid", "messageid", "insertid", "eventuuid", "uuid", "id", "guid", "orderid", "ordernumber", "orderno",
    "transactionid", "invoiceno", "invoice", "receiptid", "bestellnr", "bestellnummer", "rowid", "hitid",
)  # fmt: skip
LINES: Final = (
    "productid",
    "stockcode",
    "sku",
    "itemid",
    "lineid",
    "orderitemid",
    "variantid",
    "position",
    "artikel",
    "artikelnr",
)
"""Names of that in which the lines of one order differ."""

AMOUNT: Final = re.compile(
    r"price|amount|total|revenue|value|cost|sum|quantit|^qty|tax|discount|shipping|fee|betrag|preis|menge|anzahl|^ltv|paid"
    r"|number_?of|count$",
    re.IGNORECASE,
)
"""Names of what one calculates with."""

ORDER: Final = re.compile(
    r"order|purchase|invoice|transaction|receipt|line_?item|bestell|rechnung|sale|retail", re.IGNORECASE
)
"""Names of files and fields that speak of purchases."""

PROPERTIES: Final = ("properties", "event_properties", "eventproperties", "params", "payload", "attributes", "traits")
"""Objects that hold what a rule reads."""

NOBODY: Final = frozenset({"0", "guest", "anonymous", "null", "none", "unknown", "n/a", "na", "nan", "-", "undefined"})
"""Values that stand for no contact."""


def rank(path: FieldPath, names: tuple[str, ...]) -> int | None:
    """How sure a field is by its name, 0 the surest; None: its name says nothing."""
    for at, name in enumerate(names):
        if name in (plain(path[-1]), plain("".join(path[-2:]))):
            return at
    return None


def plain(name: str) -> str:
    """A name as it is compared."""
    return re.sub(r"[\W_]", "", name.lower())


def snake(name: str) -> str:
    """A name as a property is called.

    >>> snake("Customer ID"), snake("InvoiceNo"), snake("$insert_id"), snake("Preis (€)")
    ('customer_id', 'invoice_no', 'insert_id', 'preis')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\W_]+", "_", apart).strip("_").lower()
