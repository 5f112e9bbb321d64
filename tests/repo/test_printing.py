"""Nobody prints but the one module that makes foreign text visible."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.repo import sources

PRINTER = "kittiwake/terminal/printing.py"
CONSOLES = {"kittiwake/cli/explanation_text.py", "kittiwake/terminal/progress.py"}
"""They have lines in styles, each made visible, and a bar of numbers of ours."""
NAMES = {"print", "Console", "RichConsole"}
METHODS = {"echo", "secho", "print_exc", "print_exception", "print_stack", "print_tb", "pprint"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
PACKAGES = ("kittiwake/", "transforms/", "pipelines/")


def _prints(source: str) -> Iterator[str]:
    """Everything in a module by which text may come to a terminal."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
            yield f"{node.lineno} {node.func.id}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if node.func.attr in METHODS:
                yield f"{node.lineno} {node.func.attr}"
            elif node.func.attr in ("write", "writelines") and getattr(owner, "attr", "") in STREAMS:
                yield f"{node.lineno} {getattr(owner, 'attr', '')}"


def test_only_one_module_prints() -> None:
    files = {sources.name_of(path): path.read_text() for path in sources.python_files()}
    found = {name: [*_prints(text)] for name, text in files.items() if name.startswith(PACKAGES)}
    assert {name for name, prints in found.items() if prints} == {PRINTER, *CONSOLES}
    assert [one for name in CONSOLES for one in found[name] if not one.endswith("Console")] == []


def test_the_finder_of_this_file_finds() -> None:
    planted = "print(1)\ntyper.echo(1)\nsys.stdout.write('')\ntraceback.print_exc()\nConsole()\nfile.write('')\n"
    assert [*_prints(planted)] == ["1 print", "2 echo", "3 stdout", "4 print_exc", "5 Console"]
