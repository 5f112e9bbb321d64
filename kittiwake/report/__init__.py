"""What was found as a page for people: one file of HTML, without scripts and without anything from a network.

Called by `kittiwake profile`, `simulate`, `diff` and `explain` with `--html`. Charts are drawn by Vega (the extra
`reports`) and stand in the page as SVG; beside each stand its numbers as a table.
"""
