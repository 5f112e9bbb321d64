"""The join: from the events of items, and the interest of contacts in them, to the item changes of each contact.

Pure. `facts` reads item events, `changes` makes item changes of those of one item, `interests` reads the events of
contacts; `join` joins them in memory, `index` step by step (ADR 0026). Nothing here decides: a contact that is given a
change it need not have ignores it.
"""
