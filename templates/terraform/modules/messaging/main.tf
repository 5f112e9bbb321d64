# Topics of events and triggers, and who reads them. The job pulls `events` alone: two readers share its messages.

data "google_project" "this" {
  project_id = var.project
}

locals {
  # Pub/Sub's own account moves what nobody takes to the topic of the undelivered.
  agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "events" {
  project                    = var.project
  name                       = "${var.name}-events"
  labels                     = var.labels
  kms_key_name               = var.kms_key
  message_retention_duration = var.retention
}

resource "google_pubsub_subscription" "events" {
  project = var.project
  name    = "${var.name}-events"
  topic   = google_pubsub_topic.events.id
  labels  = var.labels
  filter  = var.events_filter
  # Dataflow extends it by itself while a message is in hand.
  ack_deadline_seconds = 60
  # A start from a backfill seeks back by the allowed lateness, over messages that were taken.
  message_retention_duration = var.retention
  retain_acked_messages      = true
  # Dataflow and Pub/Sub's delivery once do not go together; duplicates of an event_id count once.
  enable_exactly_once_delivery = false
  # No dead_letter_policy: Dataflow takes a message again when a bundle fails, which would count as an attempt.
  # What is no event goes to the table dead_letters.
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic" "triggers" {
  project                    = var.project
  name                       = "${var.name}-triggers"
  labels                     = var.labels
  kms_key_name               = var.kms_key
  message_retention_duration = var.retention
}

resource "google_pubsub_topic" "undelivered" {
  project                    = var.project
  name                       = "${var.name}-triggers-undelivered"
  labels                     = var.labels
  kms_key_name               = var.kms_key
  message_retention_duration = var.retention
}

resource "google_pubsub_subscription" "undelivered" {
  project                    = var.project
  name                       = "${var.name}-triggers-undelivered"
  topic                      = google_pubsub_topic.undelivered.id
  labels                     = var.labels
  message_retention_duration = var.retention
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "triggers" {
  for_each                   = var.consumers
  project                    = var.project
  name                       = "${var.name}-triggers-${each.key}"
  topic                      = google_pubsub_topic.triggers.id
  labels                     = var.labels
  filter                     = each.value.filter
  ack_deadline_seconds       = each.value.ack_deadline_seconds
  message_retention_duration = var.retention
  expiration_policy {
    ttl = ""
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.undelivered.id
    max_delivery_attempts = each.value.max_delivery_attempts
  }
}

resource "google_pubsub_topic_iam_member" "undelivered" {
  project = var.project
  topic   = google_pubsub_topic.undelivered.name
  role    = "roles/pubsub.publisher"
  member  = local.agent
}

resource "google_pubsub_subscription_iam_member" "triggers_agent" {
  for_each     = google_pubsub_subscription.triggers
  project      = var.project
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = local.agent
}

resource "google_pubsub_subscription_iam_member" "consumers" {
  for_each     = { for name, one in var.consumers : name => one if one.member != null }
  project      = var.project
  subscription = google_pubsub_subscription.triggers[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = each.value.member
}

resource "google_pubsub_topic_iam_member" "publishers" {
  for_each = toset(var.publishers)
  project  = var.project
  topic    = google_pubsub_topic.events.name
  role     = "roles/pubsub.publisher"
  member   = each.value
}

# A message a minute that no rule needs, so that the watermark of a quiet subscription moves: docs/how-to/dataflow.md.
resource "google_cloud_scheduler_job" "heartbeat" {
  count       = var.heartbeat_region == null ? 0 : 1
  project     = var.project
  region      = var.heartbeat_region
  name        = "${var.name}-heartbeat"
  description = "Moves the watermark where few events come."
  schedule    = "* * * * *"

  pubsub_target {
    topic_name = google_pubsub_topic.events.id
    data       = base64encode(file("${path.module}/heartbeat.json"))
  }
}
