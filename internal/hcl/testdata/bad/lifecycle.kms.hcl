gateway "dev" {
  emulator {}
}

key "a" {
  lifecycle {
    prevent_destroy       = var.x
    ignore_changes        = [descripton, arn]
    on_immutable_change   = "replace"
    create_before_destroy = true
    precondition {
      condition     = true
      error_message = "x"
    }
  }
  depends_on = ["key.b", key.nope, var.x]
}
alias "a" {
  name = "alias/a"
  key  = key.a.id
  lifecycle {
    on_immutable_change = "succeed"
    destroy             = false
  }
  lifecycle {}
}
variable "x" { default = true }
