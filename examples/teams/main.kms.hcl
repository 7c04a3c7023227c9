# Two teams that have the same: a key under an alias, a rotation policy, a token, and a file.
# What a team has stands once, in modules/team; this file says which teams there are.
#
#   kmsplan -chdir=examples/teams apply -auto-approve

kmsplan {
  required_version = ">= 0.1"
}

gateway "dev" {
  emulator {}
}

locals {
  teams = {
    billing = { rotation = "90d" }
    orders  = { rotation = "365d" }
  }
}

module "team" {
  source   = "./modules/team"
  for_each = local.teams
  team     = each.key
  rotation = each.value.rotation
}

output "keys" {
  value       = { for name, team in module.team : name => team.key_id }
  description = "The key of each team."
}
