gateway "dev" {
  emulator {}
}

variable "pw" {
  type      = string
  sensitive = true
  default   = "hunter2-sensitive"
}
variable "ports" {
  sensitive = true
  default   = ["hunter2-port"]
}
locals {
  derived = "x-${var.pw}"
}
key "a" {
  description = local.derived
  tags        = { pw = var.pw }
}
key "b" {
  for_each    = toset(var.ports)
  description = "x"
}
key "c" {
  count       = length(var.pw)
  description = parseint(var.pw, 10)
}
secret "ok" {
  name  = "ok"
  value = local.derived
}
output "pw" { value = var.pw }
output "ok" {
  value     = var.pw
  sensitive = true
}
secret "wrong" {
  name  = "wrong"
  value = parseint(var.pw, 10)
}
secret "marked" {
  name  = "marked"
  value = parseint(sensitive("hunter2-marked"), 10)
}
locals {
  broken = parseint(sensitive("hunter2-marked"), 10)
}
