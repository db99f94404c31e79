"""Finding out what is wrong: plugins, facts, selection and the engine that runs checks."""
