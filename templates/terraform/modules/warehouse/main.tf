# The dataset, its tables and the views over them. tables.json is made of the schema in the code (`make metadata`).

locals {
  made   = jsondecode(file("${path.module}/tables.json"))
  prefix = "${var.project}.${google_bigquery_dataset.this.dataset_id}."
}

resource "google_bigquery_dataset" "this" {
  project                    = var.project
  dataset_id                 = var.dataset
  location                   = var.location
  description                = "What Kittiwake decided, and what it could not use."
  labels                     = var.labels
  delete_contents_on_destroy = false

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}

resource "google_bigquery_table" "tables" {
  #checkov:skip=CKV_GCP_121: var.deletion_protection is true unless an environment is said to be disposable
  for_each            = local.made.tables
  project             = var.project
  dataset_id          = google_bigquery_dataset.this.dataset_id
  table_id            = each.key
  description         = each.value.description
  labels              = var.labels
  schema              = jsonencode(each.value.schema)
  clustering          = each.value.clustering
  deletion_protection = var.deletion_protection

  time_partitioning {
    type          = "DAY"
    field         = each.value.partition
    expiration_ms = 86400000 * coalesce(var.expiry_days, each.value.expiry_days)
  }

  dynamic "encryption_configuration" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      kms_key_name = encryption_configuration.value
    }
  }

}

resource "google_bigquery_table" "views" {
  #checkov:skip=CKV_GCP_121: a view holds no rows, and its text is replaced by a new release
  #checkov:skip=CKV_GCP_80: as above
  for_each            = local.made.views
  project             = var.project
  dataset_id          = google_bigquery_dataset.this.dataset_id
  table_id            = each.key
  description         = each.value.description
  labels              = var.labels
  deletion_protection = false

  view {
    query          = replace(each.value.sql, "{tables}", local.prefix)
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.tables]
}

resource "google_bigquery_table" "views_over_views" {
  #checkov:skip=CKV_GCP_121: a view holds no rows, and its text is replaced by a new release
  #checkov:skip=CKV_GCP_80: as above
  for_each            = local.made.views_over_views
  project             = var.project
  dataset_id          = google_bigquery_dataset.this.dataset_id
  table_id            = each.key
  description         = each.value.description
  labels              = var.labels
  deletion_protection = false

  view {
    query          = replace(each.value.sql, "{tables}", local.prefix)
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.views]
}
