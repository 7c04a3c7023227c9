kmsplan {
  freeze {
    from  = "2026-12-20"
    until = "2027-01-04T00:00:00+08:00"
  }
  freeze {
    from   = "2027-01-04T00:00:00+08:00"
    until  = "2026-12-20T00:00:00+08:00"
    except = ["secret.*", "data.encrypt.x", "everything"]
  }
  freeze {
    until = "2027-01-04T00:00:00+08:00"
    unitl = 1
  }
}
gateway "dev" {
  emulator {}
}
