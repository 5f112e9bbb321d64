"""What is no event: files and records of other sources, known for what they are, with the command that reads them.

Asked at the launch of a run over files (`beginnings`), and for dead letters that are shown as examples (`records`).
"""
