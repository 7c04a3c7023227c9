variable "required" {}
variable "typed" {
  type    = number
  default = "many"
}
variable "nullable" {
  nullable = false
  default  = null
}
variable "badtype" {
  type = strng
}
variable "validated" {
  default = "x"
  validation {
    condition     = length(var.validated) > 3
    error_message = "It needs more than three characters."
  }
}
variable "refers" {
  default = var.typed
}
variable "validated" {}
variable "a.b" {}
