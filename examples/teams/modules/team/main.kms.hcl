# What every team has. The module has the gateways of its caller.

variable "team" {
  type        = string
  description = "The team's name, as it is used in the names of aliases and secrets."

  validation {
    condition     = length(var.team) <= 20 && lower(var.team) == var.team
    error_message = "A team's name is in lower case and has at most 20 characters."
  }
}

variable "rotation" {
  type        = string
  default     = "365d"
  description = "How often the team's key rotates."
}

key "main" {
  description = "Data of ${var.team}"
  tags        = { team = var.team }
}

alias "main" {
  name = "alias/${var.team}/main"
  key  = key.main.id
}

rotation_policy "main" {
  interval = var.rotation
  keys     = [key.main.id]
}

secret "token" {
  name           = "${var.team}/token"
  encryption_key = key.main.id

  generate {
    length = 32
  }
}

data "encrypt" "settings" {
  key    = alias.main.name
  source = "config/${var.team}.yaml"
  output = "dist/${var.team}.yaml.enc"
}

output "key_id" {
  value = key.main.id
}
