output "buckets" {
  value       = module.storage.buckets
  description = "By what they are for."
}

output "registry" {
  value       = module.storage.registry
  description = "What names of images begin with."
}

output "events_topic" {
  value       = module.messaging.events_topic
  description = "Where to publish events."
}

output "events_subscription" {
  value       = module.messaging.events_subscription
  description = "The job's own."
}

output "triggers_topic" {
  value       = module.messaging.triggers_topic
  description = "Where triggers go."
}

output "dataset" {
  value       = module.warehouse.dataset
  description = "Where the rows are."
}

output "subnetwork" {
  value       = module.network.subnetwork
  description = "For launches by hand."
}

output "emails" {
  value       = module.identity.emails
  description = "Service accounts."
}

output "job_ids" {
  value       = module.jobs[*].job_id
  description = "The running job; empty before the first template."
}
