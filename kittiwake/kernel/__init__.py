"""The kernel: what is true of a contact at a time, and whether it may be sent.

One pure contract, called by every host (pipelines, `replay`, `explain`, tests):

    advance(program, state, events, upto_us) -> Advanced(state, decisions, late, next_timer_us, trace)

No Beam, clock, randomness, IO or logging below this line; time is a parameter.
"""
