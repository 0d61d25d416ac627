"""What can be done, one module a noun; every face calls these and adds only how to ask and how to show."""
