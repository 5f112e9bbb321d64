"""Pure questions: whether an event matches, what a history answers, when a wait is due.

Nothing here changes a state. More than fifteen files, since each construct of the language has its own.
"""
