gateway "dev" {
  emulator {}
}
key "sign" {
  spec  = "RSA_2048"
  usage = "SIGN/VERIFY"
}
key "orders" {}

batch "nothing" {
  action = "rewrapp"
}
batch "keyless" {
  action = "rewrap"
  source {
    files {
      path = "archive"
    }
  }
}
batch "signing" {
  action = "rewrap"
  key    = key.sign.id
  source {
    files {
      path = "../archive"
    }
  }
}
batch "two" {
  action  = "rewrap"
  key     = key.orders.id
  context = { app = "orders" }
  source {
    files {
      path = "archive"
    }
    s3 {
      bucket = "b"
    }
  }
}
batch "ranges" {
  action = "reencrypt"
  key    = key.orders.id
  verify = "sample:0%"
  source {
    list = "names.txt"
    s3 {
      bucket    = "b"
      inventory = "s3://inventories/b/manifest.json?x=1"
    }
  }
  filter {
    path       = ["[a"]
    older_than = "90"
    min_size   = "2 MB"
    max_size   = "one"
  }
  chunk {
    objects = 10001
    bytes   = "1kB"
  }
  rate {
    share            = 1.5
    calls_per_second = 0
  }
  limits {
    max_failures = -1
  }
  queue {
    postgres {
      conn_str  = "postgres://worker:hunter2@db/jobs"
      schema_name = "Jobs"
    }
  }
}
batch "sizes" {
  action = "verify"
  source {
    postgres {
      table  = "drop table x"
      column = "body"
      colum  = "body"
    }
  }
  queue {}
}
batch "turned" {
  action = "verify"
  source {
    list = "names.txt"
    oss {
      bucket    = "b"
      inventory = "oss://inventories/b/manifest.json"
    }
  }
  filter {
    min_size = "2MB"
    max_size = "1MB"
  }
}
batch "tagged" {
  action = "verify"
  source {
    files {
      path = "a"
    }
    files {
      path = "b"
    }
  }
  filter {
    tags = { team = "orders" }
  }
  lifecycle {}
  queue {
    shards {
      ledger = "s3://user:hunter2@b/l?region=x"
      count  = 0
    }
  }
}
alias "of_a_batch" {
  name = "alias/${batch.two.action}"
  key  = key.orders.id
}
key "after" {
  depends_on = [batch.two]
}
