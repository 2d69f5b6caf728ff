// GradientMemory
