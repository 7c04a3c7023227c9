gateway "dev" {
  emulator {}
}

locals {
  a = local.b
  b = local.c
  c = local.a
}
key "a" {
  description = alias.a.arn
}
alias "a" {
  name = "alias/a"
  key  = key.a.id
}
key "self" {
  description = key.self.arn
}
