"""What a change of a policy, a profile or a skill means: whether it allows more, less, or something else."""
