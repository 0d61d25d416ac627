"""Whether all that somebody does on a page arrives, and what recording costs the page: our shop, and apps of others."""
