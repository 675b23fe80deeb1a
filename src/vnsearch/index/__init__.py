"""Reports -> a Whoosh index on disk, and a commit of it read back."""
