key "a" {}
