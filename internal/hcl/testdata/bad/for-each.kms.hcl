gateway "dev" {
  emulator {}
}

variable "x" { default = null }
key "list" { for_each = ["a"] }
key "both" {
  for_each = toset(["a"])
  count    = 1
}
key "unknown" { for_each = toset([key.one.id]) }
key "one" {}
key "null" { for_each = var.x }
key "count" { count = 1.5 }
key "text" { count = "many" }
key "countwarn" { count = 2 }
key "number" { for_each = 5 }
key "each" {
  count       = 1
  description = each.key
}
