"""Rule sets as published data: what a target holds, how it changes, and how hosts read it.

A target is a folder or a bucket (`target.Target`). It holds versions that never change and one pointer that says
which there are; a version counts when the pointer names it (`layout`). `publish` adds one, `freezing` stops and
resumes, `loading` reads the whole history. Time is a parameter here.
"""
