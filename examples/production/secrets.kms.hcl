secret "payment_api_token" {
  name           = "prod/payments/api-token"
  description    = "Token of the card processor"
  value          = var.payment_api_token
  encryption_key = key.service["payments"].id
  tags           = merge(local.common_tags, { team = "payments" })
}

secret "session_signing" {
  name           = "prod/orders/session-signing"
  description    = "Signs session cookies; generated here, read by the application"
  encryption_key = key.service["orders"].id

  generate {
    length = 64
  }
}
