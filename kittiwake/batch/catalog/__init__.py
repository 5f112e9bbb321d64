"""Change events of a catalogue, from two full snapshots of its products: `kittiwake catalog diff`.

`snapshot` reads the products of a file (`csv_rows`, `json_rows`), `columns` says which of their values count, and
`difference` compares two snapshots, sorted by item in bounded memory, and makes the events.
"""
