# A realistic stack: one account and region, management through the public gateway,
# key operations through a KMS instance with a ClientKey.
#
#   kmsplan -chdir=examples/production validate

kmsplan {
  required_version = ">= 0.1"

  backend "local" {
    path = "kmsplan.state.json"
  }

  limits {
    deletions = 0
  }
}

gateway "hangzhou" {
  region = "cn-hangzhou"

  public {}

  instance {
    id      = "kst-hzz65f176a0ogplgq1234"
    ca_file = "PrivateKmsCA_kst-hzz65f176a0ogplgq1234.pem"

    client_key {
      file     = "clientKey.json"
      password = var.client_key_password
    }
  }
}

# A second account that only manages: no instance, so no key operations here.
gateway "shanghai_audit" {
  region = "cn-shanghai"
  public {}
}
