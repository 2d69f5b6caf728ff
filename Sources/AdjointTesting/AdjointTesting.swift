// AdjointTesting
