variable "project" {
  type        = string
  description = "The project of the job."
}

variable "name" {
  type        = string
  description = "The name of the job."
}

variable "events_subscription" {
  type        = string
  description = "The name of the job's subscription, without its project."
}

variable "triggers_topic" {
  type        = string
  description = "The name of the topic of triggers, without its project."
}

variable "runbook" {
  type        = string
  default     = "docs/how-to/runbook.md"
  description = "Where people on call read the runbook; alerts name its section after a #."
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

variable "without" {
  type        = list(string)
  default     = []
  description = "Names of alerts to leave out, such as nothing_fires where few rules fire."
}
