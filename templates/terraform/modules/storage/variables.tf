variable "project" {
  type        = string
  description = "The project; names of buckets begin with it, as they have to be unique."
}

variable "name" {
  type        = string
  description = "What the rest of the names begins with."
}

variable "region" {
  type        = string
  description = "Where the images lie: the job's region."
}

variable "location" {
  type        = string
  description = "Where the buckets lie: the job's region."
}

variable "labels" {
  type        = map(string)
  default     = {}
  description = "Labels of buckets and repository."
}

variable "kms_key" {
  type        = string
  default     = null
  description = "A key of Cloud KMS; null: Google's own."
}

variable "force_destroy" {
  type        = bool
  default     = false
  description = "Whether Terraform may delete buckets that hold something."
}
