"""What a person types to launch a job, parsed once into frozen settings; one file a job."""
