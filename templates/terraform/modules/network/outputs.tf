output "subnetwork" {
  value       = "regions/${var.region}/subnetworks/${google_compute_subnetwork.this.name}"
  description = "As Dataflow takes it."
}

output "subnetwork_name" {
  value       = google_compute_subnetwork.this.name
  description = "The name alone, for roles on it."
}
