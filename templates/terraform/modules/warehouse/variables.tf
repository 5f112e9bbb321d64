variable "project" {
  type        = string
  description = "The project that the dataset lies in."
}

variable "dataset" {
  type        = string
  default     = "kittiwake"
  description = "The name of the dataset."
}

variable "location" {
  type        = string
  description = "Where rows lie: the job's region, or EU or US around it. It cannot be changed later."
}

variable "labels" {
  type        = map(string)
  default     = {}
  description = "Labels of dataset and tables."
}

variable "kms_key" {
  type        = string
  default     = null
  description = "A key of Cloud KMS for the tables; null: Google's own."
}

variable "expiry_days" {
  type        = number
  default     = null
  description = "After how many days partitions are dropped; null: as each table has it (tables.json)."
}

variable "deletion_protection" {
  type        = bool
  default     = true
  description = "Whether Terraform refuses to drop tables; false for environments that come and go."
}
