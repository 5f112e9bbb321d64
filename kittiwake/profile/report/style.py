"""The style of the page: light and dark as the reader's system has it, from telephones to wide screens."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root {
  --back: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #d0d7de; --mark: #0a5fb4; --raised: #f6f8fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0d1117; --text: #e6edf3; --soft: #9da7b3; --line: #3d444d; --mark: #6cb6ff; --raised: #161b22;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; padding: 1rem; max-width: 78rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; scroll-margin-top: 1rem; }
a { color: var(--mark); }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem 1rem; background: var(--back); }
.facts { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0.5rem 0; }
.facts dt { color: var(--soft); font-size: 0.85rem; }
.facts dd { margin: 0; }
.scroll { overflow-x: auto; margin: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; min-width: 44rem; font-size: 0.9rem; overflow-wrap: break-word; }
caption { text-align: left; color: var(--soft); padding: 0.25rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-top: 1px solid var(--line); }
th { font-weight: 600; }
thead th { border-top: 0; color: var(--soft); white-space: nowrap; }
tbody th { min-width: 10rem; }
td.number { min-width: 5rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.name { font-family: ui-monospace, monospace; font-size: 0.95em; }
.values { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.15rem 0.5rem; }
.values li { background: var(--raised); border: 1px solid var(--line); border-radius: 0.25rem; padding: 0 0.35rem; }
svg { width: 8rem; height: 1.5rem; fill: var(--mark); display: block; border-bottom: 1px solid var(--line); }
summary { cursor: pointer; padding: 0.5rem 0; }
footer { color: var(--soft); margin-top: 3rem; font-size: 0.85rem; }
@media print { .scroll { overflow: visible; } }
"""
