# The streaming job from its Flex Template, and what runs beside it. Backfills are launched when one is wanted.

locals {
  # sent as they are; an option that is null is not sent
  parameters = {
    for name, value in merge({
      inputSubscription = var.events_subscription
      outputTopic       = var.triggers_topic
      dataset           = var.dataset
      rules             = var.rules
    }, var.parameters) : name => value if value != null
  }
}

resource "google_dataflow_flex_template_job" "stream" {
  provider                = google-beta
  project                 = var.project
  region                  = var.region
  name                    = var.name
  container_spec_gcs_path = var.template
  parameters              = local.parameters
  labels                  = var.labels

  # A job that is taken away drains. Freeze its rules first: docs/how-to/run-the-streaming-job.md.
  on_delete                    = "drain"
  skip_wait_on_job_termination = false

  service_account_email   = var.service_account
  subnetwork              = var.subnetwork
  ip_configuration        = "WORKER_IP_PRIVATE"
  enable_streaming_engine = true
  machine_type            = var.machine_type
  num_workers             = var.workers.min
  max_workers             = var.workers.max
  autoscaling_algorithm   = "THROUGHPUT_BASED"
  kms_key_name            = var.kms_key
  temp_location           = "gs://${var.bucket}/temp"
  staging_location        = "gs://${var.bucket}/staging"
  additional_experiments  = var.experiments
}

# Commands that are no Beam job, in the image `command`; Cloud Scheduler, Airflow or a person starts them.
resource "google_cloud_run_v2_job" "commands" {
  for_each            = var.commands
  project             = var.project
  location            = var.region
  name                = "${var.name}-${each.key}"
  labels              = var.labels
  deletion_protection = false

  template {
    template {
      service_account = var.command_service_account
      max_retries     = 0
      timeout         = each.value.timeout
      encryption_key  = var.kms_key
      containers {
        image = var.command_image
        args  = each.value.args
        resources {
          limits = {
            cpu    = each.value.cpu
            memory = each.value.memory
          }
        }
      }
    }
  }
}
