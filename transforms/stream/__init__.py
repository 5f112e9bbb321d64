"""Steps of the streaming job. They only wire: what a step does stands in `kittiwake`, without Beam."""
