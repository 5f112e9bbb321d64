"""The join of bounded input: events of items meet the interest of contacts, sorted by item, in bounded memory."""
