"""What authors write: models, loader, compiler, lints, recipes, JSON Schema.

Imports the kernel's program type and the values it is made of; nothing of the hosts. Nothing
here runs at event time.
"""

from kittiwake.rules.compiler import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.rules.errors import Code, RuleError, RulesError
from kittiwake.rules.ruleset import RuleSet

__all__ = ["Code", "RuleError", "RuleSet", "RulesError", "compile_account", "load_document"]
