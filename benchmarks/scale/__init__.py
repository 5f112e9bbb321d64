"""What a stream of any size costs: a calculator, and the measurements that it starts from.

`python -m benchmarks.scale` computes workers, storage and money from what stands in `measured` and `prices`;
`python -m benchmarks.scale.stages` measures the former anew. `docs/explanation/scale.md` says what of it is unmeasured.
"""
