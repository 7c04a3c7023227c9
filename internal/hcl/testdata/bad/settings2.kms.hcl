kmsplan {
  required_version = "what"
  backend "loca" { path = "x" }
  limits { deletions = var.x }
}
gateway "dev" {
  emulator {}
}

