variable "project" {
  type        = string
  description = "The project that pays for the job."
}

variable "region" {
  type        = string
  description = "Where the workers run: where the rows lie."
}

variable "name" {
  type        = string
  description = "The name of the job. A job is updated by its name."
}

variable "template" {
  type        = string
  description = "The template's file, such as gs://shop-1-kittiwake-templates/templates/stream-TAG.json."
}

variable "events_subscription" {
  type        = string
  description = "Of the module messaging."
}

variable "triggers_topic" {
  type        = string
  description = "Of the module messaging."
}

variable "dataset" {
  type        = string
  description = "PROJECT.DATASET, of the module warehouse."
}

variable "rules" {
  type        = string
  description = "The target that rules are published to: gs://BUCKET/published."
}

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "Further options of the job: names and values as in templates/stream/metadata.json."
}

variable "service_account" {
  type        = string
  description = "The account of the workers: emails.stream of the module identity."
}

variable "subnetwork" {
  type        = string
  description = "Of the module network."
}

variable "bucket" {
  type        = string
  description = "For staged graphs: buckets.dataflow of the module storage."
}

variable "machine_type" {
  type        = string
  default     = "n2-standard-2"
  description = "Of a worker."
}

variable "workers" {
  type        = object({ min = optional(number, 1), max = optional(number, 5) })
  default     = {}
  description = "How many workers at least and at most. The most cannot be raised above what the job began with."

  validation {
    condition     = 1 <= var.workers.min && var.workers.min <= var.workers.max
    error_message = "At least one worker, and no more at least than at most."
  }
}

variable "experiments" {
  type        = list(string)
  default     = []
  description = "Dataflow's experiments and service options."
}

variable "labels" {
  type        = map(string)
  default     = {}
  description = "Labels of the job; bills are split by them."
}

variable "kms_key" {
  type        = string
  default     = null
  description = "A key of Cloud KMS for the job's state; null: Google's own. A running job keeps the one it began with."
}

variable "command_image" {
  type        = string
  default     = ""
  description = "The image `command`; needed with commands."
}

variable "command_service_account" {
  type        = string
  default     = ""
  description = "emails.command of the module identity; needed with commands."
}

variable "commands" {
  type = map(object({
    args    = list(string)
    cpu     = optional(string, "2")
    memory  = optional(string, "4Gi")
    timeout = optional(string, "3600s")
  }))
  default     = {}
  description = "Jobs of Cloud Run by name; args such as [\"kittiwake.pipelines.reconcile\", \"--stream\", …]."
}
