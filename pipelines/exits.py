"""With what a main ends, as its page says. Each main uses those that it can come to."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
STOPPED: Final = 1
"""It ran, and did not do all of it."""
FINDINGS: Final = 1
"""It ran, and somebody has to look at what it found."""
UNUSABLE: Final = 2
"""Options, rules, input or what it needs elsewhere are not as they have to be: mend them, and repeat."""
FAILED: Final = 3
"""A fault of ours or of the runner."""
INTERRUPTED: Final = 130
"""As a shell counts Ctrl-C."""
