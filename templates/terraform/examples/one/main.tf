# One environment. `terraform apply`, `make template`, publish rules, then again with -var tag=….

terraform {
  required_version = ">= 1.5"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.0, < 8.0"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = ">= 6.0, < 8.0"
    }
  }
}

variable "project" {
  type        = string
  description = "The project, which exists already."
}

variable "region" {
  type        = string
  default     = "europe-west4"
  description = "Where everything lies and runs."
}

variable "tag" {
  type        = string
  default     = null
  description = "Of the templates; null at first."
}

locals {
  # What the jobs and this file ask of the project.
  apis = [
    "artifactregistry", "bigquery", "bigquerystorage", "cloudresourcemanager", "cloudscheduler", "compute", "dataflow", "iam", "logging",
    "monitoring", "pubsub", "run", "storage",
  ]
}

resource "google_project_service" "apis" {
  for_each           = toset(local.apis)
  project            = var.project
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}

module "shop" {
  source     = "../../modules/environment"
  project    = var.project
  region     = var.region
  tag        = var.tag
  labels     = { team = "crm" }
  publishers = []
  consumers  = { sender = {} }
  depends_on = [google_project_service.apis]
}

output "shop" {
  value       = module.shop
  description = "Names that the next commands need."
}
