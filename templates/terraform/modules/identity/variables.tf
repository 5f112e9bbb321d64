variable "project" {
  type        = string
  description = "The project of the accounts, and of everything they are for."
}

variable "name" {
  type        = string
  description = "What names of accounts begin with; with the longest ending they have 30 characters at most."

  validation {
    condition     = length(var.name) <= 21
    error_message = "A service account's name has 30 characters at most, and -launcher or -backfill is added: use 21."
  }
}

variable "region" {
  type        = string
  description = "The region of subnetwork and repository."
}

variable "buckets" {
  type        = map(string)
  description = "Of the module storage."
}

variable "repository" {
  type        = string
  description = "Of the module storage."
}

variable "dataset_id" {
  type        = string
  description = "Of the module warehouse."
}

variable "events_subscription" {
  type        = string
  description = "Of the module messaging."
}

variable "events_topic" {
  type        = string
  description = "Of the module messaging."
}

variable "triggers_topic" {
  type        = string
  description = "Of the module messaging."
}

variable "subnetwork" {
  type        = string
  description = "The name of the subnetwork, of the module network."
}

variable "rules_prefix" {
  type        = string
  default     = "published"
  description = "The folder of the rules' bucket that rules are published to."
}

variable "rule_publishers" {
  type        = list(string)
  default     = []
  description = "Who publishes rules, such as serviceAccount:ci@shop-1.iam.gserviceaccount.com."
}
