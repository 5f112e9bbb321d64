"""Rules in plain sentences, made of what they compile to, for people who sign them off.

Called by `kittiwake describe`. Matches, conditions and caps are worded as explanations word them.
"""
