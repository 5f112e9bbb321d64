variable "project" {
  type        = string
  description = "The project that everything lies in."
}

variable "name" {
  type        = string
  description = "What names begin with, such as kittiwake or kittiwake-staging."
}

variable "labels" {
  type        = map(string)
  default     = {}
  description = "Labels of topics and subscriptions."
}

variable "kms_key" {
  type        = string
  default     = null
  description = "A key of Cloud KMS for the topics; null: Google's own."
}

variable "retention" {
  type        = string
  default     = "604800s"
  description = "How long messages stay, taken ones too: at least the allowed lateness and the time that a new start takes."
}

variable "events_filter" {
  type        = string
  default     = ""
  description = "Which messages the job gets; it cannot be changed later. Empty: all."
}

variable "publishers" {
  type        = list(string)
  default     = []
  description = "Who publishes events, such as serviceAccount:shop@shop-1.iam.gserviceaccount.com."
}

variable "consumers" {
  type = map(object({
    member                = optional(string)
    filter                = optional(string, "")
    ack_deadline_seconds  = optional(number, 60)
    max_delivery_attempts = optional(number, 10)
  }))
  default     = {}
  description = "Who reads triggers, by name: a subscription each."
}

variable "heartbeat_region" {
  type        = string
  default     = null
  description = "Where Cloud Scheduler sends a heartbeat from, once a minute; null: none, where events come all day."
}
