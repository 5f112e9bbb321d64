"""Several processes of this machine that share a run over local files: one reads a part, one decides some contacts.

`pool` starts and ends them, `parts` says what of the files each reads, `spill` is where events wait between the two.
What is computed does not depend on how many there are.
"""
