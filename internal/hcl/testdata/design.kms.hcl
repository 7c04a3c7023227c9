kmsplan {
  required_version = ">= 0.1"
  backend "local" { path = "kmsplan.state.json" }
}

gateway "hangzhou" {                     # one account and region; the first gateway is the default
  region = "cn-hangzhou"
  public {}                              # management: kms.<region>.aliyuncs.com, RAM credentials from the chain
  instance {                             # key operations: the KMS instance gateway
    id      = "kst-hzz65f176a0ogplgq1234"
    ca_file = "PrivateKmsCA_kst-hzz.pem"
    client_key {                         # ClientKey protocol; leave it out for RAM credentials on the dedicated gateway
      file     = "clientKey.json"
      password = var.client_key_password
    }
  }
}
gateway "dev" {
  emulator {}                            # the embedded emulator, both gateways; path = ".kmsplan/emulator" by default,
}                                        # or ready_file = "…" to attach to a running `kmsplan emulator serve`

variable "db_password" {
  type      = string
  sensitive = true
}

variable "client_key_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

key "orders" {
  description         = "Order database"
  spec                = "Aliyun_AES_256"
  usage               = "ENCRYPT/DECRYPT"
  instance            = gateway.hangzhou.instance.id
  deletion_protection = true
  tags                = { team = "orders" }
}

alias "orders" {
  name = "alias/orders"
  key  = key.orders.id
}

rotation_policy "quarterly" {
  interval = "90d"
  keys     = [key.orders.id]
}

secret "db_password" {
  name           = "orders/db/password"
  value          = var.db_password       # write-only; or generate { length = 32 }
  encryption_key = key.orders.id
}

data "encrypt" "app_config" {            # an ops block: a file this stack keeps encrypted
  key     = alias.orders.name
  source  = "config/app.yaml"
  output  = "dist/app.yaml.enc"
  context = { app = "orders", env = "prod" }
}

data "decrypt" "app_config" {
  source = "dist/app.yaml.enc"
  output = "run/app.yaml"
}

data "rewrap" "archive" {                # every envelope below archive/ under the key's primary version
  source = "archive/**/*.enc"
  key    = key.orders.id
}

output "orders_key" { value = key.orders.id }
