"""From a binding that passed to a launch spec, and the files that go with it."""
