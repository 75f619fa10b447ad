"""Ready-made tools, made of millstream's public names only."""
