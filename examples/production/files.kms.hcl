data "encrypt" "orders_config" {
  key    = alias.service["orders"].name
  source = "config/orders.yaml"
  output = "dist/orders.yaml.enc"

  context = {
    app = "orders"
    env = "prod"
  }
}

data "encrypt" "payments_config" {
  key    = alias.service["payments"].name
  source = "config/payments.yaml"
  output = "dist/payments.yaml.enc"

  context = {
    app = "payments"
    env = "prod"
  }
}
