"""What authors write: models, loader, compiler, lints, recipes, JSON Schema.

Imports the kernel's program type and the values it is made of; nothing of the hosts. Nothing
here runs at event time. Names are imported when first asked for: who only validates needs no
kernel, and who only compiles needs no YAML.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kittiwake.rules.compiler import compile_account
    from kittiwake.rules.documents import load_document
    from kittiwake.rules.errors import Code, Lint, LintCode, RuleError, RulesError
    from kittiwake.rules.lints import lint
    from kittiwake.rules.loader import load, load_files
    from kittiwake.rules.ruleset import RuleSet

__all__ = [
    "Code",
    "Lint",
    "LintCode",
    "RuleError",
    "RuleSet",
    "RulesError",
    "compile_account",
    "lint",
    "load",
    "load_document",
    "load_files",
]

_HOMES: Final = {
    "Code": "errors",
    "Lint": "errors",
    "LintCode": "errors",
    "RuleError": "errors",
    "RuleSet": "ruleset",
    "RulesError": "errors",
    "compile_account": "compiler",
    "lint": "lints",
    "load": "loader",
    "load_document": "documents",
    "load_files": "loader",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
