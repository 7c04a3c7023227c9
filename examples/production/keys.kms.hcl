key "service" {
  for_each = var.services

  description         = "Data of the ${each.key} service"
  spec                = "Aliyun_AES_256"
  usage               = "ENCRYPT/DECRYPT"
  instance            = gateway.hangzhou.instance.id
  deletion_protection = true
  tags                = merge(local.common_tags, { team = each.value.team })
}

alias "service" {
  for_each = var.services

  name = "alias/prod/${each.key}"
  key  = key.service[each.key].id
}

rotation_policy "service" {
  for_each = var.services

  interval = each.value.rotation
  keys     = [key.service[each.key].id]
}

key "release_signing" {
  description         = "Signs release artefacts"
  spec                = "EC_P256"
  usage               = "SIGN/VERIFY"
  instance            = gateway.hangzhou.instance.id
  deletion_protection = true
  tags                = merge(local.common_tags, { team = "release" })
}

alias "release_signing" {
  name = "alias/prod/release-signing"
  key  = key.release_signing.id
}

key "audit" {
  gateway = gateway.shanghai_audit

  description         = "Server-side encryption of the audit bucket"
  deletion_protection = true
  tags                = local.common_tags
}

output "service_keys" {
  description = "Key ids by service, for application configuration"
  value       = { for name, k in key.service : name => k.id }
}
