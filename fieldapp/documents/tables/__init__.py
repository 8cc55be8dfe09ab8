"""Tables in the creditors' formats: containers to rows, rows to containers. No network, no evaluation."""
