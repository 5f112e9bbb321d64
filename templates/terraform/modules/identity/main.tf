# Who does what: one account for each job, one for commands, one that launches; each role on the one thing it is for.
# tests/templates/test_roles.py holds the calls of the code against this file.

locals {
  accounts = {
    stream   = "Workers and launcher of the streaming job."
    backfill = "Workers and launcher of backfills."
    command  = "activate, reconcile and reingest."
    launcher = "Launches templates: a pipeline of CI, Airflow, or people by impersonation."
  }
  runs_jobs = ["stream", "backfill"]

  on_project = [
    { who = "stream", role = "roles/dataflow.worker" },
    { who = "stream", role = "roles/bigquery.jobUser" },         # a start from a table of snapshots:
    { who = "stream", role = "roles/bigquery.readSessionUser" }, # asked about at launch, read by workers
    { who = "backfill", role = "roles/dataflow.worker" },
    { who = "backfill", role = "roles/bigquery.jobUser" },
    { who = "backfill", role = "roles/bigquery.readSessionUser" },
    { who = "command", role = "roles/bigquery.jobUser" },
    { who = "command", role = "roles/bigquery.readSessionUser" },
    { who = "command", role = "roles/monitoring.metricWriter" }, # volumes
    { who = "launcher", role = "roles/dataflow.developer" },
  ]
  on_buckets = [
    { who = "stream", bucket = "dataflow", role = "roles/storage.objectAdmin" },
    { who = "stream", bucket = "rules", role = "roles/storage.objectViewer" },
    { who = "stream", bucket = "backfills", role = "roles/storage.objectViewer" },
    { who = "backfill", bucket = "dataflow", role = "roles/storage.objectAdmin" },
    { who = "backfill", bucket = "rules", role = "roles/storage.objectViewer" },
    { who = "backfill", bucket = "archive", role = "roles/storage.objectViewer" },
    { who = "backfill", bucket = "backfills", role = "roles/storage.objectAdmin" },
    { who = "command", bucket = "backfills", role = "roles/storage.objectViewer" },
    { who = "launcher", bucket = "dataflow", role = "roles/storage.objectAdmin" },
    { who = "launcher", bucket = "templates", role = "roles/storage.objectViewer" },
  ]
  on_dataset = [
    { who = "stream", role = "roles/bigquery.dataEditor" },
    { who = "backfill", role = "roles/bigquery.dataEditor" },
    { who = "command", role = "roles/bigquery.dataEditor" },
  ]
  on_subscription = [
    { who = "stream", role = "roles/pubsub.subscriber" },
    { who = "stream", role = "roles/pubsub.viewer" },
  ]
  on_triggers = [
    { who = "stream", role = "roles/pubsub.publisher" },
    { who = "stream", role = "roles/pubsub.viewer" },
    { who = "command", role = "roles/pubsub.publisher" },
  ]
  on_events = [
    { who = "command", role = "roles/pubsub.publisher" }, # reingest sends dead letters back
  ]
  on_subnetwork = [for who in local.runs_jobs : { who = who, role = "roles/compute.networkUser" }]
  on_repository = [for who in ["stream", "backfill", "command"] : { who = who, role = "roles/artifactregistry.reader" }]
}

resource "google_service_account" "accounts" {
  for_each     = local.accounts
  project      = var.project
  account_id   = "${var.name}-${each.key}"
  display_name = "Kittiwake: ${each.key}"
  description  = each.value
}

resource "google_project_iam_member" "on_project" {
  for_each = { for one in local.on_project : "${one.who} ${one.role}" => one }
  project  = var.project
  role     = each.value.role
  member   = google_service_account.accounts[each.value.who].member
}

resource "google_storage_bucket_iam_member" "on_buckets" {
  for_each = { for one in local.on_buckets : "${one.who} ${one.bucket} ${one.role}" => one }
  bucket   = var.buckets[each.value.bucket]
  role     = each.value.role
  member   = google_service_account.accounts[each.value.who].member
}

resource "google_bigquery_dataset_iam_member" "on_dataset" {
  for_each   = { for one in local.on_dataset : "${one.who} ${one.role}" => one }
  project    = var.project
  dataset_id = var.dataset_id
  role       = each.value.role
  member     = google_service_account.accounts[each.value.who].member
}

resource "google_pubsub_subscription_iam_member" "on_subscription" {
  for_each     = { for one in local.on_subscription : "${one.who} ${one.role}" => one }
  project      = var.project
  subscription = var.events_subscription
  role         = each.value.role
  member       = google_service_account.accounts[each.value.who].member
}

resource "google_pubsub_topic_iam_member" "on_triggers" {
  for_each = { for one in local.on_triggers : "${one.who} ${one.role}" => one }
  project  = var.project
  topic    = var.triggers_topic
  role     = each.value.role
  member   = google_service_account.accounts[each.value.who].member
}

resource "google_pubsub_topic_iam_member" "on_events" {
  for_each = { for one in local.on_events : "${one.who} ${one.role}" => one }
  project  = var.project
  topic    = var.events_topic
  role     = each.value.role
  member   = google_service_account.accounts[each.value.who].member
}

resource "google_compute_subnetwork_iam_member" "on_subnetwork" {
  for_each   = { for one in local.on_subnetwork : "${one.who} ${one.role}" => one }
  project    = var.project
  region     = var.region
  subnetwork = var.subnetwork
  role       = each.value.role
  member     = google_service_account.accounts[each.value.who].member
}

resource "google_artifact_registry_repository_iam_member" "on_repository" {
  for_each   = { for one in local.on_repository : "${one.who} ${one.role}" => one }
  project    = var.project
  location   = var.region
  repository = var.repository
  role       = each.value.role
  member     = google_service_account.accounts[each.value.who].member
}

# Whoever launches a job says as whom it runs.
resource "google_service_account_iam_member" "launcher" {
  for_each           = toset(local.runs_jobs)
  service_account_id = google_service_account.accounts[each.value].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.accounts["launcher"].member
}

# Who publishes rules may add versions and replace the pointer, and no more: docs/how-to/publish-rules.md.
resource "google_storage_bucket_iam_member" "publishers" {
  for_each = { for one in setproduct(var.rule_publishers, [
    "roles/storage.objectViewer", "roles/storage.objectCreator", "roles/storage.objectUser"
  ]) : join(" ", one) => one }
  bucket = var.buckets["rules"]
  role   = each.value[1]
  member = each.value[0]

  dynamic "condition" {
    for_each = each.value[1] == "roles/storage.objectUser" ? ["pointer"] : []
    content {
      title      = "the pointer alone"
      expression = "resource.name == \"projects/_/buckets/${var.buckets["rules"]}/objects/${var.rules_prefix}/pointer.json\""
    }
  }
}
