gateway "dev" {
  emulator {}
}

key "a" {}
removed {
  from   = key.a
  action = "forget"
}
removed {
  from   = key.gone
  action = "delete"
}
removed {
  from = secret.gone
}
removed {
  from        = secret.gone2
  action      = "delete"
  window_days = 90
  soak_days   = 1
}
removed {
  from   = "key.gone"
  action = "forget"
}
removed {
  from = data.encrypt.x
  action = "forget"
}
moved {
  from = key.a
  to   = key.b
}
moved {
  from = key.x
  to   = alias.x
}
moved {
  from = key.y
  to   = key.y
}
import {
  to = key.nope
  id = "x"
}
import {
  to = key.a
  id = ""
}
import {
  to = key.a
  id = key.a.arn
}
