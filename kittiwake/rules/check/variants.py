"""Checks of `variants`.

Pure. Called by `check.document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from kittiwake.rules.diagnostics import Diagnostic, check_range
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import ID_CHARS_MAX, VARIANTS_MAX
from kittiwake.rules.model.text import OUTPUT_PATTERN
from kittiwake.rules.model.variants import VariantsObject


def check_variants(variants: VariantsObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """Names that may stand in a column, and shares that come to the whole."""
    shares = variants.shares()
    if not shares:
        message = "variants names no variant"
        yield Diagnostic(path, Code.EMPTY_LIST, message, "Write {a: 50, b: 50}, or delete the line", at_key=True)
        return
    if len(shares) > VARIANTS_MAX:
        message = f"there are {len(shares)} variants here, more than {VARIANTS_MAX}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Name fewer", at_key=True)
    for name, share in shares.items():
        if not re.fullmatch(OUTPUT_PATTERN, name) or len(name) > ID_CHARS_MAX:
            message = f"{name[:40]} is no name of a variant: it has up to {ID_CHARS_MAX} letters, digits, _ and -"
            yield Diagnostic((*path, name), Code.BAD_NAME, message, "Write, say, short_subject", at_key=True)
        yield from check_range(share, (*path, name), 0, 100, "a share")
    total = sum(map(Decimal, shares.values()), Decimal(0))
    if total != 100:
        message = f"the shares come to {total.normalize():f}, not to 100: everyone gets one of the variants"
        advice = "Write shares of 100, such as {a: 50, b: 50}; for some that get nothing there is the policy's holdout"
        yield Diagnostic(path, Code.SHARES, message, advice, at_key=True)
