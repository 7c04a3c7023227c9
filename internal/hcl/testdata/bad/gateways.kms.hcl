gateway "none" {
  region = "cn-hangzhou"
}
gateway "both" {
  emulator {}
  public {}
}
gateway "region" {
  region = "Hangzhou"
  public {}
}
gateway "noregion" {
  public {}
}
gateway "id" {
  region = "cn-hangzhou"
  instance {
    id = "i-1"
    client_key {
      file     = "k.json"
      password = "literal"
    }
  }
}
gateway "missing" {
  region = "cn-hangzhou"
  instance {
    client_key { file = "x" }
  }
}
gateway "unknown" {
  region = key.k.arn
  public { endpiont = "x" }
}
gateway "ready" {
  emulator {
    path       = "x"
    ready_file = "y"
  }
}
gateway "ready" {
  emulator {}
}
key "k" {
  gateway = gateway.nonne
}
key "l" {
  gateway = "none"
}
