internal import LibC

/// What launchers of MPI say in the environment of the processes that they start.
enum Launcher {
  /// How many processes were started together; `nil` if no launcher says so.
  static var processCount: Int? {
    // Open MPI; MPICH, Intel MPI and Slurm's PMI; MVAPICH.
    for name in ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"] {
      if let text = getenv(name), let count = Int(String(cString: text)) { return count }
    }
    return nil
  }
}
