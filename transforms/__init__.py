"""Steps of a Beam pipeline. They only wire: what a step does stands in `kittiwake`, without Beam."""
