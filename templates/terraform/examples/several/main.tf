# Several environments in one project: names and addresses differ, and only the first is launched with the newest tag.

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
  description = "The project, which exists already, with the APIs of the example `one`."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "The tag of the templates by environment, such as { staging = \"b2\", production = \"b1\" }."
}

locals {
  environments = {
    staging = {
      region = "europe-west4", range = "10.10.0.0/20", disposable = true, workers = { min = 1, max = 2 }
    }
    production = {
      region = "europe-west4", range = "10.20.0.0/20", disposable = false, workers = { min = 2, max = 10 }
    }
  }
}

module "environments" {
  source     = "../../modules/environment"
  for_each   = local.environments
  project    = var.project
  region     = each.value.region
  name       = "shop-${each.key}"
  tag        = lookup(var.tags, each.key, null)
  range      = each.value.range
  workers    = each.value.workers
  disposable = each.value.disposable
  labels     = { environment = each.key }
  parameters = each.key == "staging" ? { decisions = "all" } : { decisions = "fired" }
}

output "environments" {
  value       = module.environments
  description = "Names that the next commands need, by environment."
}
