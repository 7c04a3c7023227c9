gateway "dev" {
  emulator {}
}

key "a" {}
key "b" {}
rotation_policy "unit" {
  interval = "90 days"
  keys     = [key.a.id]
}
rotation_policy "short" {
  interval = "6d"
  keys     = [key.b.id]
}
rotation_policy "empty" {
  interval = "90d"
  keys     = []
}
