gateway "dev" {
  emulator {}
}

key "orders" {
  descripton = "x"
  arn        = "acs:kms:cn-hangzhou:1:key/x"
  rotation {}
}
secret "s" {
  name = "s"
  generate { lenght = 8 }
}
