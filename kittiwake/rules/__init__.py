"""What authors write: models, loader, compiler, lints, recipes, JSON Schema.

Imports the kernel's program type and the values it is made of; nothing of the hosts. Nothing
here runs at event time. Names are imported when first asked for: who only validates needs no
kernel, and who only compiles needs no YAML.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kittiwake.rules.compile.account import compile_account
    from kittiwake.rules.documents import load_document
    from kittiwake.rules.errors import Code, Lint, LintCode, RuleError, RulesError
    from kittiwake.rules.lint.document import find_lints
    from kittiwake.rules.loader import load, load_files
    from kittiwake.rules.publishing.errors import TargetError
    from kittiwake.rules.publishing.loading import load_rules
    from kittiwake.rules.ruleset import RuleSet
    from kittiwake.rules.versions import RuleSetHistory, RuleSetVersion, always

__all__ = [
    "Code",
    "Lint",
    "LintCode",
    "RuleError",
    "RuleSet",
    "RuleSetHistory",
    "RuleSetVersion",
    "RulesError",
    "TargetError",
    "always",
    "compile_account",
    "find_lints",
    "load",
    "load_document",
    "load_files",
    "load_rules",
]

_HOMES: Final = {
    "Code": "errors",
    "Lint": "errors",
    "LintCode": "errors",
    "RuleError": "errors",
    "RuleSet": "ruleset",
    "RuleSetHistory": "versions",
    "RuleSetVersion": "versions",
    "RulesError": "errors",
    "TargetError": "publishing.errors",
    "always": "versions",
    "compile_account": "compile.account",
    "find_lints": "lint.document",
    "load": "loader",
    "load_document": "documents",
    "load_files": "loader",
    "load_rules": "publishing.loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
