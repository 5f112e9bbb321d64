"""A few of the accounts that the command draws by hundreds."""

from tests.catalogue.__main__ import by_replay


def test_accounts_with_catalogue_rules_are_decided_by_replay_as_by_the_oracle() -> None:
    assert by_replay(0, 8) == ""
