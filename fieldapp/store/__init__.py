"""The only SQL on the service's database: tables, migrations and queries by story."""
