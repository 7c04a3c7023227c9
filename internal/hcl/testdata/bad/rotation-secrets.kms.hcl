gateway "dev" {
  emulator {}
}
secret "generic" {
  name = "generic"
  type = "Generic"
  generate {}
}
secret "left_out" {
  name = "left/out"
  generate {}
}
secret "rds" {
  name = "rds"
  type = "Rds"
  extended_config = { SecretSubType = "SingleUser", DBInstanceId = "rm-1" }
  value = jsonencode({ Accounts = [{ AccountName = "a", AccountPassword = "b" }] })
}
key "k" {}
rotation_policy "nothing" {
  interval = "90d"
}
rotation_policy "generic" {
  interval = "12h"
  secrets  = [secret.generic.name, secret.left_out.name]
}
rotation_policy "both" {
  interval = "12h"
  keys     = [key.k.id]
  secrets  = [secret.rds.name]
}
rotation_policy "again" {
  interval = "8760h"
  secrets  = ["rds"]
}
rotation_policy "short" {
  interval = "5h"
  secrets  = [secret.rds.arn]
}
