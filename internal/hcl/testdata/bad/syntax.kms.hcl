gateway "dev" {
  emulator {}
}

key "a" {
  description = "unclosed
}
key b {
  tags = { a = }
