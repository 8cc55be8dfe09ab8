"""fieldapp: home visits in credit recovery, from the creditor's file to the euro in the practice file."""
