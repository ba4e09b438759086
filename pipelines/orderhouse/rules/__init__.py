"""Rules of `rules.yaml`: what is done by itself about rows of the published version that meet a condition."""
