output "dataset" {
  value       = "${var.project}.${google_bigquery_dataset.this.dataset_id}"
  description = "PROJECT.DATASET: the job's parameter dataset."
}

output "dataset_id" {
  value       = google_bigquery_dataset.this.dataset_id
  description = "The name alone."
}
