"""BigQuery end to end: the demo of `make bigquery-demo`, and saved queries for the tables that the jobs write."""
