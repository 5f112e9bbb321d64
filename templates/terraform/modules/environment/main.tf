# One environment: everything that one shop's jobs need. The job itself is launched once a template is there.

module "storage" {
  source        = "../storage"
  project       = var.project
  name          = var.name
  region        = var.region
  location      = var.region
  labels        = var.labels
  kms_key       = var.kms_key
  force_destroy = var.disposable
}

module "messaging" {
  source        = "../messaging"
  project       = var.project
  name          = var.name
  labels        = var.labels
  kms_key       = var.kms_key
  events_filter = var.events_filter
  publishers    = var.publishers
  consumers     = var.consumers

  heartbeat_region = var.heartbeat ? var.region : null
}

module "warehouse" {
  source              = "../warehouse"
  project             = var.project
  dataset             = replace(var.name, "-", "_")
  location            = var.region
  labels              = var.labels
  kms_key             = var.kms_key
  deletion_protection = !var.disposable
}

module "network" {
  source  = "../network"
  project = var.project
  name    = var.name
  region  = var.region
  range   = var.range
}

module "identity" {
  source              = "../identity"
  project             = var.project
  name                = var.name
  region              = var.region
  buckets             = module.storage.buckets
  repository          = module.storage.repository
  dataset_id          = module.warehouse.dataset_id
  events_subscription = module.messaging.events_subscription
  events_topic        = module.messaging.events_topic
  triggers_topic      = module.messaging.triggers_topic
  subnetwork          = module.network.subnetwork_name
  rule_publishers     = var.rule_publishers
}

module "monitoring" {
  source              = "../monitoring"
  count               = var.tag == null ? 0 : 1
  project             = var.project
  name                = var.name
  events_subscription = basename(module.messaging.events_subscription)
  triggers_topic      = basename(module.messaging.triggers_topic)
  runbook             = var.runbook
  channels_now        = var.channels_now
  channels_today      = var.channels_today
  without             = var.without_alerts
}

module "jobs" {
  source                  = "../jobs"
  count                   = var.tag == null ? 0 : 1
  project                 = var.project
  region                  = var.region
  name                    = var.name
  template                = "gs://${module.storage.buckets["templates"]}/templates/stream-${coalesce(var.tag, "none")}.json"
  events_subscription     = module.messaging.events_subscription
  triggers_topic          = module.messaging.triggers_topic
  dataset                 = module.warehouse.dataset
  rules                   = "gs://${module.storage.buckets["rules"]}/published"
  parameters              = var.parameters
  service_account         = module.identity.emails["stream"]
  subnetwork              = module.network.subnetwork
  bucket                  = module.storage.buckets["dataflow"]
  machine_type            = var.machine_type
  workers                 = var.workers
  labels                  = var.labels
  kms_key                 = var.kms_key
  command_image           = "${module.storage.registry}/command:${coalesce(var.tag, "none")}"
  command_service_account = module.identity.emails["command"]
  commands                = var.commands

  # An account without its roles would launch a job that cannot run.
  depends_on = [module.identity]
}
