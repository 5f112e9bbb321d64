variable "project" {
  type        = string
  description = "The project of the network."
}

variable "name" {
  type        = string
  description = "The name of network and subnetwork."
}

variable "region" {
  type        = string
  description = "The job's region."
}

variable "range" {
  type        = string
  default     = "10.10.0.0/20"
  description = "Addresses of the workers: one each."
}

variable "egress" {
  type        = bool
  default     = false
  description = "Whether workers reach the internet, by Cloud NAT. No job here needs it."
}
