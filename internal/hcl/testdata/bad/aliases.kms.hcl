gateway "dev" {
  emulator {}
}

key "k" {}
alias "prefix" {
  name = "orders"
  key  = key.k.id
}
alias "reserved" {
  name = "alias/acs/kms"
  key  = key.k.id
}
alias "charset" {
  name = "alias/a b"
  key  = "alias/other"
}
alias "one" {
  name = "alias/same"
  key  = key.k.id
}
alias "two" {
  name = "alias/same"
  key  = key.k.id
}
