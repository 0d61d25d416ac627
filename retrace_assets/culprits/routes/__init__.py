"""Route tables: which file answers a path, framework by framework, one a file."""
