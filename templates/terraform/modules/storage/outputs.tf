output "buckets" {
  value       = { for name, bucket in google_storage_bucket.buckets : name => bucket.name }
  description = "Names of the buckets by what they are for: dataflow, rules, archive, backfills, templates."
}

output "repository" {
  value       = google_artifact_registry_repository.images.repository_id
  description = "The repository of images."
}

output "registry" {
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
  description = "What names of images begin with: make image REPOSITORY=…"
}
