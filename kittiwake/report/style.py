"""The style of the pages: light and dark as the reader's system has it, on paper light; for telephones too.

All colours of text are read against the background with a ratio of 4.5 and more, those of charts with 3 and more.
"""

from __future__ import annotations

from typing import Final

COLOURS: Final = 8
"""How many colours of charts there are, `--c1` and so on; the last is grey, for what is left over."""

STYLE: Final = """
:root {
  color-scheme: light dark;
  --back: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #d0d7de; --mark: #0a5fb4; --raised: #f6f8fa;
  --c1: #0a5fb4; --c2: #c2410c; --c3: #1a7f37; --c4: #8250df; --c5: #a16207; --c6: #be185d; --c7: #0f766e;
  --c8: #6e7781;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --back: #0d1117; --text: #e6edf3; --soft: #9da7b3; --line: #3d444d; --mark: #6cb6ff; --raised: #161b22;
    --c1: #6cb6ff; --c2: #ffa657; --c3: #56d364; --c4: #d2a8ff; --c5: #e3b341; --c6: #ff9bce; --c7: #39c5cf;
    --c8: #8b949e;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; padding: 1rem; max-width: 58rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.5rem; scroll-margin-top: 1rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.25rem; }
a { color: var(--mark); }
p { margin: 0.5rem 0; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem 1rem; background: var(--back); }
.lead { font-size: 1.1rem; color: var(--soft); }
.soft { color: var(--soft); }
nav ul { list-style: none; padding: 0; margin: 0.75rem 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
.facts { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0.75rem 0; }
.facts dt { color: var(--soft); font-size: 0.85rem; }
.facts dd { margin: 0; }
.headlines { list-style: none; margin: 0.75rem 0; padding: 0; display: grid; gap: 0.5rem; }
.headlines li { background: var(--raised); border-left: 4px solid var(--mark); padding: 0.6rem 0.9rem; }
.headlines li.check { border-left-color: var(--c2); }
.headlines strong { font-size: 1.15rem; }
.scroll { overflow-x: auto; margin: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; overflow-wrap: break-word; }
table.wide { min-width: 44rem; }
caption { text-align: left; color: var(--soft); padding: 0.25rem 0; }
caption span { display: inline-block; max-width: calc(100vw - 2rem); }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-top: 1px solid var(--line); }
th { font-weight: 600; }
thead th { border-top: 0; color: var(--soft); }
tbody th { min-width: 7rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.name { font-family: ui-monospace, monospace; font-size: 0.95em; }
.values { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.15rem 0.5rem; }
.values li { background: var(--raised); border: 1px solid var(--line); border-radius: 0.25rem; padding: 0 0.35rem; }
figure { margin: 0.75rem 0; }
figcaption { color: var(--soft); font-size: 0.9rem; margin-bottom: 0.5rem; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; }
svg text { font: 12px system-ui, sans-serif; }
.narrow { display: none; }
@media screen and (max-width: 46rem) { .narrow { display: block; } .broad { display: none; } }
summary { cursor: pointer; padding: 0.5rem 0; color: var(--mark); }
pre {
  background: var(--raised); border: 1px solid var(--line); border-radius: 0.25rem; padding: 0.5rem 0.75rem;
  margin: 0.25rem 0; white-space: pre-wrap; font: 0.85rem/1.45 ui-monospace, monospace;
}
ins, del { display: block; text-decoration: none; padding: 0.1rem 0.75rem; border-left: 4px solid var(--c3); }
del { border-left-color: var(--c2); color: var(--soft); }
.zoom { border: 0; margin: 0.75rem 0; padding: 0; min-width: 0; }
.zoom legend, .zoom label { display: inline-block; font-size: 0.9rem; }
.zoom label { padding: 0.4rem 1rem 0.4rem 0.25rem; cursor: pointer; }
.zoom input { width: 1.1rem; height: 1.1rem; vertical-align: middle; accent-color: var(--mark); }
.zoomed { display: none; overflow-x: auto; padding-bottom: 0.5rem; }
.zoomed svg { max-width: none; }
#zoom-1:checked ~ .zoomed-1, #zoom-2:checked ~ .zoomed-2, #zoom-3:checked ~ .zoomed-3 {
  display: block;
}
.days { list-style: none; padding: 0; margin: 0; }
.lines { list-style: none; padding: 0; margin: 0 0 1rem; }
.lines li { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 0.75rem; padding: 0.15rem 0; }
.lines time { color: var(--soft); font-variant-numeric: tabular-nums; }
.lines .rule { color: var(--soft); }
.lines .sign { display: inline-block; min-width: 1.2em; }
.fired { color: var(--c3); font-weight: 600; }
.stopped { color: var(--c2); }
.held { color: var(--c4); }
.aside { color: var(--soft); }
.event { font-weight: 600; }
footer { color: var(--soft); margin-top: 3rem; font-size: 0.85rem; border-top: 1px solid var(--line); }
@media (max-width: 30rem) { .lines li { grid-template-columns: 1fr; } }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip, .zoom legend, .zoom label, .zoom input { display: none; }
  .scroll, .zoomed { overflow: visible; }
  table.wide { min-width: 0; }
  .zoomed { display: none !important; }
  .zoomed-1 { display: block !important; }
  figure, .headlines li, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
"""
