// DependencyScheduling
