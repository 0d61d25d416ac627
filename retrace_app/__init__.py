"""What people and programs talk to: actions, and the thin faces over them (cli, http, ui, mcp)."""
