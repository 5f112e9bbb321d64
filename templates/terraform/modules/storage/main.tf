# Buckets and the repository of images.

locals {
  buckets = {
    # what it is for => days after which objects are deleted; null: never
    dataflow  = 30   # rows on their way into tables; what is staged stays: each new worker of a running job reads it
    rules     = null # published versions of rules
    archive   = null # events, for backfills
    backfills = 90   # outputs and snapshots of backfills
    templates = null # the templates' own files
  }
}

resource "google_storage_bucket" "buckets" {
  #checkov:skip=CKV_GCP_62: access logs are switched on for a whole project in Cloud Audit Logs
  for_each                    = local.buckets
  project                     = var.project
  name                        = "${var.project}-${var.name}-${each.key}"
  location                    = var.location
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.force_destroy

  # Of rules an older version is what one goes back to.
  versioning {
    enabled = true
  }

  dynamic "lifecycle_rule" {
    for_each = each.value == null ? [] : [each.value]
    content {
      condition {
        age            = lifecycle_rule.value
        matches_prefix = each.key == "dataflow" ? ["temp/"] : []
      }
      action {
        type = "Delete"
      }
    }
  }

  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      default_kms_key_name = encryption.value
    }
  }
}

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84: var.kms_key is the key; null, the default, is Google's own
  project       = var.project
  location      = var.region
  repository_id = var.name
  format        = "DOCKER"
  description   = "Images of the templates: launcher, workers and commands."
  labels        = var.labels
  kms_key_name  = var.kms_key

  docker_config {
    # a template names its image by a tag: it stays what it was
    immutable_tags = true
  }
}
