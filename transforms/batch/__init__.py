"""Steps of the batch job. They only wire: the work of a step is done by `kittiwake`, without Beam."""
