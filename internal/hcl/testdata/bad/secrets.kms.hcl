gateway "dev" {
  emulator {}
}

key "rsa" { spec = "RSA_2048" }
key "outside" { instance = null }
secret "reserved" {
  name           = "acs/x"
  encryption_key = key.rsa.id
}
secret "both" {
  name                 = "same"
  value                = "hunter2"
  recovery_window_days = 5
  generate { length = 4 }
}
secret "same" {
  name = "same"
  encryption_key = key.outside.id
  generate {
    exclude_lowercase   = true
    exclude_uppercase   = true
    exclude_numbers     = true
    exclude_punctuation = true
  }
}
secret "managed" {
  name  = "rds"
  type  = "Rds"
  value = upper("x")
}
secret "charset" {
  name      = "a b"
  data_type = "json"
}
secret "long" {
  name  = "long"
  value = join("", [for i in range(1000) : "0123456789012345678901234567890123456789"])
}
