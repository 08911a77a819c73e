"""Who is there: users, sessions, passwords, throttling."""
