"""What a conversation costs a model: texts counted, turns added up. `codegen stats` and the benchmark share it."""
