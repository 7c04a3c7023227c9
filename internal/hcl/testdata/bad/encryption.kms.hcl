gateway "dev" {
  emulator {}
}

variable "pw" {
  default   = "hunter2"
  sensitive = true
}

key "own" {
  lifecycle {
    on_foreign_version = "keep"
    ignore_changes     = [tags["a"].b, description["x"], nope]
  }
}

secret "s" {
  name = "s"
  lifecycle {
    on_foreign_version = "kep"
  }
}

kmsplan {
  encryption {
    key        = key.own.id
    gateway    = gateway.nope
    context    = { pw = var.pw }
    recipients = ["AGE-SECRET-KEY-1"]
    enabled    = "maybe"
    lenght     = 1
  }
}

import {
  to        = secret.s
  id        = "s"
  take_over = ""
}
