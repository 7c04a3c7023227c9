gateway "dev" {
  emulator {}
}

key "a" {
  description = file("../../etc/passwd")
}
key "b" {
  description = file("nope.txt")
}
key "c" {
  description = file("/etc/passwd")
}
key "d" {
  description = templatefile("t.tpl", {})
}
key "e" {
  description = jsondecode("{")
}
key "f" {
  description = uuid()
}
