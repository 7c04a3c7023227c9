kmsplan {
  required_version = ">= 0.1"
  backend "http" {
    address = "https://state.example/x"
  }
  encryption {
    key        = "alias/state"
    gateway    = "dev"
    recipients = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]
    context    = { team = "a" }
    plan       = true
  }
  freeze {
    from   = "2026-12-20T00:00:00Z"
    until  = "2027-01-05T00:00:00Z"
    reason = "Holidays"
    except = ["secret.db", "alias.*"]
  }
  limits {
    deletions = 1
  }
  quota {
    share = 0.6
  }
}

gateway "dev" {
  emulator {}
}

removed {
  from   = key.old
  action = "retire"
}

moved {
  from = key.a
  to   = key.b
}

import {
  to = key.b
  id = "key-hzz0000000000000000000"
}

key "b" {
  description = "b"
  lifecycle {
    ignore_changes      = [tags["team"], description]
    on_immutable_change = "error"
  }
}

data "encrypt" "a" {
  key     = key.b.id
  source  = "a"
  output  = "a.enc"
  context = { app = "a" }
}
