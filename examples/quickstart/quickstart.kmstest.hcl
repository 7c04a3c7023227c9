# kmsplan test, from this directory or with -chdir=examples/quickstart

variables {
  db_password = "a password of the test"
}

run "first_apply" {
  assert {
    condition     = alias.orders.key == key.orders.id
    error_message = "The alias does not lead to the key."
  }

  assert {
    condition     = key.orders.deletion_protection
    error_message = "The key of the order database can be deleted."
  }
}

run "nothing_left_to_do" {
  command = plan

  assert {
    condition     = plan.empty
    error_message = "A second plan is not empty: ${jsonencode(plan.actions)}."
  }
}

run "a_quarter_later" {
  command = plan
  advance = "91d"

  assert {
    condition     = plan.files["dist/app.yaml.enc"] == "update"
    error_message = "The key was rotated, and the file is not rewrapped."
  }
}
