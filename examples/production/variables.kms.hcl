variable "client_key_password" {
  description = "Password of the ClientKey; from the pipeline's secret store"
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "payment_api_token" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "services" {
  description = "One key and one alias per service"

  type = map(object({
    team     = string
    rotation = optional(string, "90d")
  }))

  default = {
    orders   = { team = "commerce" }
    payments = { team = "payments", rotation = "30d" }
    search   = { team = "platform" }
  }

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "Service names are lower-case letters, digits and dashes."
  }
}

locals {
  common_tags = {
    owner       = "platform-security"
    environment = "prod"
  }
}
