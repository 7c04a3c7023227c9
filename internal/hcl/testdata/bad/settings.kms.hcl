kmsplan {
  required_version = ">= 9"
  backend "s3" {}
  limits {
    deletions     = -1
    deleted_share = 101
    moves         = 3
  }
}
kmsplan {
  required_version = "what"
}
gateway "dev" {
  emulator {}
}

