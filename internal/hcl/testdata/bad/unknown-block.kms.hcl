gateway "dev" {
  emulator {}
}

keys "orders" {}
module "x" { source = "./x" }
check "x" {}
resource "alicloud_kms_key" "k" {}
provider "alicloud" { region = "cn-hangzhou" }
terraform { required_version = "1" }
data "keys" "all" {}
data "encrpyt" "x" {}
