"""The other tools, each a script of its own that imports nothing of this repository.

Called as `python SCRIPT INPUT OUTPUT UNTIL [THREADS]`: reads JSON lines, decides one rule (a cart in which nothing was
put for an hour, without a purchase meanwhile) and writes `OUTPUT/triggers.jsonl`. All of them drop copies by event id,
order each contact's events by time, let a deadline pass before what happens at it, and fire nothing due after UNTIL.
"""
