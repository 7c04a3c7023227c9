# A demonstration value. A real stack passes KMSPLAN_VAR_db_password from the
# pipeline's secret store and keeps no value in a file.
db_password = "correct horse battery staple"
