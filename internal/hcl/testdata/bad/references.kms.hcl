gateway "dev" {
  emulator {}
}

key "orders" {
  description = vaar.x
  tags        = { a = var.tema, b = local.nope, c = key.oders.id, d = key.orders2.idd }
  policy      = upcase("x")
}
key "orders2" {
  description = "${timestamp()} ${foo}"
}
alias "a" {
  name = "alias/${each.key}"
  key  = secret.s.value
}
secret "s" {
  name = path.home
}
variable "team" {}
output "o" { value = gateway.dev.regon }
output "p" { value = gateway.live.region }
output "q" { value = key.orders["x"].id }
output "r" { value = key.many.id }
output "s" { value = count.index }
key "many" { for_each = toset(["a"]) }
output "t" { value = key }
output "u" { value = key.many["b"].id }
output "v" { value = kmsplan.workspaces }
output "w" { value = terraform.workspace }
