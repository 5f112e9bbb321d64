output "job_id" {
  value       = google_dataflow_flex_template_job.stream.job_id
  description = "The job's id, for gcloud dataflow jobs show and drain."
}

output "commands" {
  value       = { for name, job in google_cloud_run_v2_job.commands : name => job.name }
  description = "Names for gcloud run jobs execute."
}
