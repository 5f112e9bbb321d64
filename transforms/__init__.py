"""Steps of a Beam pipeline. They only wire: the work of a step is done by `kittiwake`, without Beam.

Importing `kittiwake.transforms.logs`, as every step of a stream does, keeps Beam from logging elements at level DEBUG.
"""
