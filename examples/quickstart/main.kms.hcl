# A whole stack on the embedded emulator: nothing to install, no account, no network.
#
#   go run ./cmd/kmsplan -chdir=examples/quickstart apply

kmsplan {
  required_version = ">= 0.1"
}

gateway "local" {
  region = "cn-hangzhou"
  emulator {}
}

variable "db_password" {
  type      = string
  sensitive = true
}

key "orders" {
  description         = "Order database"
  spec                = "Aliyun_AES_256"
  deletion_protection = true

  tags = {
    team = "orders"
    env  = "dev"
  }
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
  description    = "Password of the order database"
  value          = var.db_password
  encryption_key = key.orders.id
}

data "encrypt" "app_config" {
  key    = alias.orders.name
  source = "config/app.yaml"
  output = "dist/app.yaml.enc"

  context = {
    app = "orders"
    env = "dev"
  }
}

output "orders_key" {
  value = key.orders.id
}
