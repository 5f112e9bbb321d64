output "events_topic" {
  value       = google_pubsub_topic.events.id
  description = "projects/PROJECT/topics/NAME that events are published to."
}

output "events_subscription" {
  value       = google_pubsub_subscription.events.id
  description = "The job's own subscription: its parameter inputSubscription."
}

output "triggers_topic" {
  value       = google_pubsub_topic.triggers.id
  description = "The job's parameter outputTopic."
}

output "undelivered_subscription" {
  value       = google_pubsub_subscription.undelivered.id
  description = "Triggers that a consumer did not take, however often they were offered."
}
