gateway "dev" {
  emulator {}
}

key "a" {
  lifecycle {
    precondition {
      condition     = self.enabled
      error_message = "x"
    }
    precondition {
      condition     = key.a.enabled
      error_message = "x"
    }
    postcondition {
      condition     = self.enabledd && key.a.enabled
      error_message = nope
    }
    postcondition {
      condition = true
    }
  }
}
check "empty" {}
check "lookup" {
  depends_on = [key.a]
  data "key" "x" {}
}
check "twice" {
  assert {
    condition     = nosuch(1)
    error_message = "x"
    severity      = "low"
  }
}
check "twice" {
  assert {
    condition     = true
    error_message = "x"
  }
}
output "o" {
  value = self
  precondition {
    condition     = key.b.enabled
    error_message = "x"
  }
  postcondition {
    condition     = true
    error_message = "x"
  }
}
