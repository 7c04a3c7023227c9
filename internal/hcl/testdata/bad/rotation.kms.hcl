gateway "live" {
  region = "cn-hangzhou"
  public {}
  instance { id = "kst-hzz65f176a0ogplgq1234" }
}
key "rsa" { spec = "RSA_2048" }
key "imported" { origin = "EXTERNAL" }
key "default" { instance = null }
key "good" {}
locals {
  ids = { for k in [key.rsa, key.imported] : k.id => k.id... }
}
rotation_policy "all" {
  interval = "90d"
  keys     = [key.rsa.id, key.imported.id, key.default.id, key.good.id, "key-literal"]
}
rotation_policy "again" {
  interval = "90d"
  keys     = concat([key.good.id], ["key-literal"])
}
