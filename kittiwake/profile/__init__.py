"""What events really come: a profile of types, properties, times and ids, and the event plan that is made of it.

Every part of a profile depends on the set of events only, not on their order or on how they were divided among files,
and parts add up (`merge`). What would grow with the input is bounded by hashes: of anything that is too much, that with
the smallest hashes is kept. So whatever stays was kept from its first event on, and all that is said of it is exact.
"""
