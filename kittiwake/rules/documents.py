"""From trees of documents to a rule set, with every error of all of them.

Pure. Called by the loader with what it has read, and by tests through `load_document`.
"""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Iterator
from typing import Any, Final

import msgspec

from kittiwake.rules.check.document import errors_of_header, errors_of_policy, errors_of_rule
from kittiwake.rules.check.feeds import check_derived_feeds
from kittiwake.rules.check.preparation import check_derived_types
from kittiwake.rules.check.quoted_numbers import errors_of_quoted_numbers
from kittiwake.rules.errors import Code, RuleError, RulesError
from kittiwake.rules.fingerprint import rule_version
from kittiwake.rules.limits import ERRORS_MAX, RULES_MAX
from kittiwake.rules.model.base import Model
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Header, Rule
from kittiwake.rules.named import MATCHES, Names, account_of
from kittiwake.rules.named_audiences import write_out
from kittiwake.rules.recipes.own import Recipes, is_recipe
from kittiwake.rules.ruleset import EVERY_ACCOUNT, PREPARING, AccountRules, AuthoredRule, RuleSet, rule_set
from kittiwake.rules.source.tree import Location, Node, child, node_of
from kittiwake.rules.source.validation import read
from kittiwake.values import has_half_a_pair

_READ_APART: Final = ("policy", "rules", MATCHES)
"""Keys of a document that are not read with its header."""


class Document(msgspec.Struct, frozen=True):
    """One document, its parts read as far as they can be."""

    location: Location
    header: Header
    rules: tuple[AuthoredRule, ...]
    unread: tuple[str, ...] = ()
    """Ids of rules whose audience could not be read, if they have one."""


def load_document(data: Any, name: str = "<document>") -> RuleSet:
    """The rule set of one document already parsed.

    Raises:
        RulesError: with everything that is wrong with it.
    """
    location = Location(name, node_of(data))
    unwritable = list(_halves(location))
    if unwritable:
        raise RulesError(unwritable)
    return rule_set_of([location])


def _halves(location: Location) -> Iterator[RuleError]:
    """Errors for texts of a document already parsed that no file could hold, for half of a surrogate pair in them."""
    value = location.node.value
    if isinstance(value, str) and has_half_a_pair(value):
        message = "this text has half of a surrogate pair"
        yield location.error((), Code.SYNTAX, message, "Write the character itself")
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        if isinstance(key, str) and has_half_a_pair(key):
            yield location.error((), Code.SYNTAX, "a key has half of a surrogate pair", "Write the character itself")
        elif (part := location.at(key)) is not None:
            yield from _halves(part)


def rule_set_of(
    locations: Iterable[Location], errors: Iterable[RuleError] = (), forgiven: frozenset[Code] = frozenset()
) -> RuleSet:
    """The rule set of these documents; errors of the codes in `forgiven` are none.

    Raises:
        RulesError: with `errors` and everything that is wrong with them.
    """
    found = list(errors)
    accounts = accounts_of(locations, found)
    found = [error for error in found if error.code not in forgiven]
    if found:
        raise RulesError(bounded(found))
    return rule_set(accounts)


def accounts_of(locations: Iterable[Location], errors: list[RuleError]) -> dict[str, AccountRules]:
    """What documents say by account, as far as they can be read; `errors` added for all that is wrong with them."""
    locations = list(locations)
    names = Names(locations, errors)
    recipes = Recipes(locations, names, errors)
    documents = [
        document
        for location in locations
        if not is_recipe(location) and (document := read_document(location, names, recipes, errors))
    ]
    errors.extend(_of_unused(documents, names))
    accounts = _accounts(documents, names, errors)
    accounts = write_out(accounts, {name for one in documents for name in one.unread}, errors)
    errors.extend(_duplicate_ids(documents))
    errors.extend(_unknown_channels(accounts, {error.file for error in errors}))
    errors.extend(_too_many_rules(accounts))
    errors.extend(_of_preparing(accounts))
    return accounts


def bounded(errors: Iterable[RuleError]) -> list[RuleError]:
    """No more errors than a person reads, in their order; the last one says how many there are beside."""
    return _bounded(list(errors))


def _bounded(errors: list[RuleError]) -> list[RuleError]:
    first = sorted(set(errors))[:ERRORS_MAX]
    if len(errors) <= ERRORS_MAX:
        return first
    last = first[-1]
    message = f"there are {len(errors) - ERRORS_MAX} more errors"
    return [*first, last._replace(message=message, advice="Mend these first", code=Code.TOO_MANY_ERRORS)]


# ---------------------------------------------------------------- one document


def read_document(location: Location, names: Names, recipes: Recipes, errors: list[RuleError]) -> Document | None:
    """The document at `location`; None if it is no object or says nothing of its account."""
    if not isinstance(location.node.value, dict):
        advice = "Write account: …, and rules: with a list of rules"
        errors.append(location.error((), Code.WRONG_SHAPE, "a rules file holds one object", advice))
        return None
    location = names.header_written_out(location)
    unread: list[str] = []
    rules = tuple(_rules(location, names, recipes, errors, unread))
    header = _header(location, errors)
    written: list[tuple[Model, Location]] = [(one.rule, one.location) for one in rules]
    errors.extend(errors_of_quoted_numbers([*written, (header, location)] if header else written))
    return Document(location, header, rules, tuple(unread)) if header else None


def _header(location: Location, errors: list[RuleError]) -> Header | None:
    entries = {key: node for key, node in location.node.value.items() if key not in _READ_APART}
    found = read(Header, Location(location.file, Node(entries, location.node.mark, location.node.keys)), errors)
    if found:
        errors.extend(errors_of_header(found.model, location))
    policy = location.at("policy")
    if policy is not None:
        written = read(PolicyObject, policy, errors)
        if written:
            errors.extend(errors_of_policy(written.model, policy))
            return found.model.model_copy(update={"policy": written.model}) if found else None
    return found.model if found else None


def _rules(
    location: Location, names: Names, recipes: Recipes, errors: list[RuleError], unread: list[str]
) -> Iterator[AuthoredRule]:
    rules = location.at("rules")
    if rules is None:
        errors.append(location.error((), Code.MISSING_KEY, "rules is missing", "Add rules: with a list of rules"))
    elif not isinstance(rules.node.value, list):
        errors.append(
            rules.error((), Code.WRONG_SHAPE, "rules must be a list", "Start each rule with a hyphen: - id: …")
        )
    else:
        for i in range(len(rules.node.value)):
            rule = rules.at(i)
            assert rule
            expanded = recipes.expand(rule, account_of(location))
            if expanded is None:
                unread.extend(_id_of(rule))
            else:
                shipped = (
                    frozenset() if _has_values(rule) else frozenset(expanded.node.value) - frozenset(rule.node.value)
                )
                yield from _rule(names.written_out(expanded, account_of(location)), shipped, errors, unread)


def _has_values(rule: Location) -> bool:
    """Whether an author gives values to a recipe's parameters."""
    return not isinstance(rule.node.value, dict) or child(rule.node, "with") is not None


def _id_of(rule: Location) -> list[str]:
    named = child(rule.node, "id")
    return [named.value] if named is not None and isinstance(named.value, str) else []


def _rule(
    location: Location, shipped: frozenset[str], errors: list[RuleError], unread: list[str]
) -> Iterator[AuthoredRule]:
    found = read(Rule, location, errors, {"id": "unnamed"})
    if found is None or "audience" in found.wrong:
        unread.extend(_id_of(location))
    if found is None:
        return
    errors.extend(errors_of_rule(found.model, location, found.wrong))
    if "id" not in found.wrong:
        yield AuthoredRule(found.model, location, rule_version(found.model), found.model, shipped)


# ---------------------------------------------------------------- documents together


def _of_unused(documents: list[Document], names: Names) -> Iterator[RuleError]:
    """Of named matches that no rule uses: numbers in quotes, unless the file has texts there."""
    for document in documents:
        unused = names.unused_in(document.location)
        if unused:
            used = [(one.rule, one.location) for one in document.rules]
            said = errors_of_quoted_numbers([*unused, *used, (document.header, document.location)])
            yield from (error for error in said if error not in {*errors_of_quoted_numbers(used)})


def _accounts(documents: list[Document], names: Names, errors: list[RuleError]) -> dict[str, AccountRules]:
    accounts: dict[str, AccountRules] = {}
    for document in documents:
        header, location = document.header, document.location
        known = accounts.get(header.account, AccountRules(header.account))
        errors.extend(_disagreements(known, header, location))
        accounts[header.account] = AccountRules(
            header.account,
            known.timezone or header.timezone,
            known.policy or header.policy,
            known.policy_location or location.at("policy"),
            known.rules + document.rules,
            known.preparing.joined(header, location),
            names.of(header.account),
            known.calendar if header.calendar is None else _calendar(header),
        )
    return accounts


def _calendar(header: Header) -> tuple[str, ...] | None:
    """The dates of a calendar as two are compared: rising, each once."""
    return None if header.calendar is None else tuple(sorted({*header.calendar}))


def _disagreements(known: AccountRules, header: Header, location: Location) -> Iterator[RuleError]:
    said = (
        ("timezone", known.timezone, header.timezone),
        ("policy", known.policy, header.policy),
        ("calendar", known.calendar, _calendar(header)),
    )
    for key, before, now in said:
        if before is not None and now is not None and before != now:
            message = f"another file gives account {header.account} another {key}"
            yield location.error((key,), Code.ACCOUNT_DISAGREES, message, "Keep one of them", at_key=True)
    for key in PREPARING:
        other = known.preparing.locations.get(key)
        if other is not None and getattr(header, key) is not None:
            message = f"{other.file} gives account {header.account} a {key} already"
            yield location.error((key,), Code.ACCOUNT_DISAGREES, message, "Put both into one file", at_key=True)


def _duplicate_ids(documents: list[Document]) -> Iterator[RuleError]:
    shared = {r.rule.id: r for d in documents if d.header.account == EVERY_ACCOUNT for r in reversed(d.rules)}
    taken: dict[tuple[str, str], AuthoredRule] = {}
    for document in documents:
        account = document.header.account
        for authored in document.rules:
            rule_id = authored.rule.id
            first = taken.setdefault((account, rule_id), authored)
            other = first if first is not authored else shared.get(rule_id) if account != EVERY_ACCOUNT else None
            if other:
                yield _duplicate_id(authored, other)


def _duplicate_id(authored: AuthoredRule, other: AuthoredRule) -> RuleError:
    mark = other.location.mark(("id",))
    where = f"{other.location.file}:{mark.line}" if mark.line else other.location.file
    message = f"the id {authored.rule.id} is taken by the rule at {where}"
    return authored.location.error(("id",), Code.DUPLICATE_ID, message, "Give one of them another id")


def _of_preparing(accounts: dict[str, AccountRules]) -> Iterator[RuleError]:
    every = accounts.get(EVERY_ACCOUNT, AccountRules(EVERY_ACCOUNT))
    for account in accounts.values():
        shared, own = (every if account is not every else AccountRules(EVERY_ACCOUNT)).preparing, account.preparing
        for found in check_derived_types(own.repeats, own.derive, shared.repeats, shared.derive):
            location = own.locations[str(found.path[0])]
            yield location.error(found.path, found.code, found.message, found.advice)
        if account.policy is not None and account.policy_location is not None:
            derived = {one.event for one in (*(own.derive or ()), *(shared.derive or ()))}
            for found in check_derived_feeds(account.policy, derived):
                yield account.policy_location.error(found.path, found.code, found.message, found.advice, at_key=True)


def _unknown_channels(accounts: dict[str, AccountRules], wrong: Container[str]) -> Iterator[RuleError]:
    """Of policies in files that are `wrong` anyway it is not known which channels they have."""
    shared = accounts.get(EVERY_ACCOUNT, AccountRules(EVERY_ACCOUNT))
    for account in accounts.values():
        written = account.policy_location or shared.policy_location
        if written is None or written.file not in wrong:
            yield from _unknown_channels_of(account, shared)


def _unknown_channels_of(account: AccountRules, shared: AccountRules) -> Iterator[RuleError]:
    """Rules on a channel that the policy in force for an account lacks; `shared` is what holds for every account."""
    policy = account.policy or shared.policy
    known = [*(policy.channels or {})] if policy is not None else []
    for authored in account.rules:
        if authored.rule.channel not in (None, *known):
            yield _unknown_channel(authored, known)
    if account is shared or account.policy is None or account.policy_location is None:
        return
    asked = {one.rule.channel: one.rule.id for one in reversed(shared.rules) if one.rule.channel not in (None, *known)}
    for name, rule_id in asked.items():
        message = f"the rule {rule_id} of every account is on channel {name}, which this policy lacks"
        advice = f"Add channels: {{{name}: {{}}}}, with what holds for it"
        yield account.policy_location.error((), Code.UNKNOWN_CHANNEL, message, advice, at_key=True)


def _unknown_channel(authored: AuthoredRule, known: list[str]) -> RuleError:
    name = authored.rule.channel or ""
    close = difflib.get_close_matches(name, known, 1)
    message = f"the policy has no channel {name}"
    if close:
        advice = f"Did you mean {close[0]}?"
    elif known:
        advice = f"Write one of {', '.join(known)}, or add it to the policy's channels"
    else:
        advice = f"Add channels: {{{name}: {{}}}} to the policy, with what holds for it"
    return authored.location.error(("channel",), Code.UNKNOWN_CHANNEL, message, advice)


def _too_many_rules(accounts: dict[str, AccountRules]) -> Iterator[RuleError]:
    shared = len(accounts[EVERY_ACCOUNT].rules) if EVERY_ACCOUNT in accounts else 0
    for account in accounts.values():
        count = len(account.rules) + (shared if account.account_id != EVERY_ACCOUNT else 0)
        if count > RULES_MAX and account.rules:
            message = f"account {account.account_id} has {count} rules, more than {RULES_MAX}"
            advice = "Delete rules nobody needs, or merge those that differ in a type: when: [a, b]"
            yield account.rules[-1].location.error((), Code.GUARDRAIL, message, advice)
