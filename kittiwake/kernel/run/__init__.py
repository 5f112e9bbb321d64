"""One contact passing through time: what events and deadlines do to its state, and which decisions they cause.

More than fifteen files, since each construct of the language that acts has its own.
"""
