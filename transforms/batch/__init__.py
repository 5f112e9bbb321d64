"""Steps of the batch job. They only wire: what a step does stands in `kittiwake`, without Beam."""
