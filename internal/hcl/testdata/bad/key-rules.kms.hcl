gateway "nogw" {
  region = "cn-hangzhou"
  public {}
}
key "spec" {
  instance = "kst-hzz65f176a0ogplgq1234"
  spec     = "Aliyun_AES_265"
}
key "usage" {
  instance = "kst-hzz65f176a0ogplgq1234"
  spec     = "EC_P256"
  usage    = "ENCRYPT/DECRYPT"
}
key "default" {
  spec   = "RSA_2048"
  policy = jsonencode({ Version = "1", Statement = [{}] })
}
key "policy" {
  instance = "kst-1"
  policy   = "{"
  origin   = "external"
}
key "tags" {
  tags = {
    "kmsplan:owner" = "x"
    "acs:x"         = "x"
  }
}
key "tag-value" {
  tags = { team = "order team" }
}
key "many-tags" {
  tags = { for i in range(18) : "t${i}" => "x" }
}
key "text" {
  deletion_protection_description = "why"
}
key "long" {
  description = join("", [for i in range(1000) : "0123456789"])
}
