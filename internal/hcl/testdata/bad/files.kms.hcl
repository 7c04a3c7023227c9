gateway "dev" {
  emulator {}
}

key "sign" {
  spec  = "RSA_2048"
  usage = "SIGN/VERIFY"
}
data "encrypt" "absolute" {
  key    = "alias/a"
  source = "/etc/passwd"
  output = "../out.enc"
}
data "encrypt" "same" {
  key    = key.sign.id
  source = "a.txt"
  output = "./a.txt"
  scope  = "directry"
  suite  = "AES"
}
data "encrypt" "one" {
  key        = "alias/a"
  source     = "a.txt"
  output     = "dist/a.enc"
  recipients = ["AGE-SECRET-KEY-1"]
  context    = { "" = "x" }
}
data "encrypt" "two" {
  key    = "alias/a"
  source = "b.txt"
  output = "dist/a.enc"
}
data "decrypt" "over" {
  source = "dist/a.enc"
  output = "a.txt"
  mode   = "0644"
}
data "rewrap" "glob" {
  source = "[a"
  key    = "acs:ram::x"
}
