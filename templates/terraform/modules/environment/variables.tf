variable "project" {
  type        = string
  description = "The project."
}

variable "region" {
  type        = string
  description = "Where everything lies and runs."
}

variable "name" {
  type        = string
  default     = "kittiwake"
  description = "What names begin with, and the job's name."
}

variable "tag" {
  type        = string
  default     = null
  description = "The tag of images and templates (`make template TAG=…`); null: there are none yet, so no job is launched."
}

variable "labels" {
  type        = map(string)
  default     = {}
  description = "Labels of everything that has them."
}

variable "kms_key" {
  type        = string
  default     = null
  description = "A key of Cloud KMS in the same region; null: Google's own. Its users are granted where the key is."
}

variable "range" {
  type        = string
  default     = "10.10.0.0/20"
  description = "Addresses of the workers."
}

variable "events_filter" {
  type        = string
  default     = ""
  description = "Which messages the job gets; empty: all."
}

variable "publishers" {
  type        = list(string)
  default     = []
  description = "Who publishes events."
}

variable "consumers" {
  type = map(object({
    member                = optional(string)
    filter                = optional(string, "")
    ack_deadline_seconds  = optional(number, 60)
    max_delivery_attempts = optional(number, 10)
  }))
  default     = {}
  description = "Who reads triggers, by name."
}

variable "rule_publishers" {
  type        = list(string)
  default     = []
  description = "Who publishes rules."
}

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "Further options of the streaming job."
}

variable "machine_type" {
  type        = string
  default     = "n2-standard-2"
  description = "Of a worker."
}

variable "workers" {
  type        = object({ min = optional(number, 1), max = optional(number, 5) })
  default     = {}
  description = "How many workers at least and at most."
}

variable "commands" {
  type = map(object({
    args    = list(string)
    cpu     = optional(string, "2")
    memory  = optional(string, "4Gi")
    timeout = optional(string, "3600s")
  }))
  default     = {}
  description = "Jobs of Cloud Run in the image `command`."
}

variable "disposable" {
  type        = bool
  default     = false
  description = "Whether buckets and tables may be dropped with what they hold."
}

variable "heartbeat" {
  type        = bool
  default     = false
  description = "Whether a message a minute moves the watermark of a quiet subscription."
}

variable "runbook" {
  type        = string
  default     = "docs/how-to/runbook.md"
  description = "Where people on call read the runbook."
}

variable "channels_now" {
  type        = list(string)
  default     = []
  description = "Notification channels of alerts that wake somebody."
}

variable "channels_today" {
  type        = list(string)
  default     = []
  description = "Notification channels of alerts that wait for the day."
}

variable "without_alerts" {
  type        = list(string)
  default     = []
  description = "Names of alerts to leave out."
}
