gateway "live" {
  region = "cn-hangzhou"
  public {}
  instance { id = "kst-hzz65f176a0ogplgq1234" }
}
gateway "far" {
  region = "cn-beijing"
  public {}
}
gateway "ops" {
  region = "cn-hangzhou"
  instance { id = "kst-hzz65f176a0ogplgq1234" }
}
gateway "dev" {
  emulator {}
}
key "k" {}
alias "far" {
  gateway = gateway.far
  name    = "alias/far"
  key     = key.k.id
}
secret "dev" {
  gateway        = gateway.dev
  name           = "dev"
  encryption_key = key.k.id
}
key "ops" {
  gateway = gateway.ops
}
data "encrypt" "fine" {
  gateway = gateway.ops
  key     = key.k.id
  source  = "a"
  output  = "b"
}
alias "many" {
  for_each = toset([for i in range(301) : "a${i}"])
  name     = "alias/${each.key}"
  key      = key.k.id
}
key "default" {
  for_each = toset([for i in range(201) : "a${i}"])
  instance = null
}

gateway "hz" {
  region = "cn-hangzhou"
  emulator {}
}
key "dev" {
  gateway = gateway.dev
}
key "alone" {
  gateway  = gateway.dev
  instance = null
}
data "encrypt" "alone" {
  gateway = gateway.dev
  key     = key.alone.id
  source  = "a"
  output  = "c"
}
key "elsewhere" {
  instance = "kst-hzz65f176a0ogplgq9999"
}
data "encrypt" "elsewhere" {
  key    = key.elsewhere.id
  source = "a"
  output = "d"
}
data "rewrap" "default" {
  key    = key.default["a1"].id
  source = "old/*"
}
alias "one" {
  gateway = gateway.dev
  name    = "alias/one"
  key     = key.dev.id
}
alias "two" {
  gateway = gateway.hz
  name    = "alias/one"
  key     = key.dev.id
}
