gateway "dev" {
  emulator {}
}

key "orders" {
  description         = ["a"]
  deletion_protection = "maybe"
  tags                = "team"
}
alias "a" {
  name = null
}
rotation_policy "q" {
  interval = 90
  keys     = "one"
}
