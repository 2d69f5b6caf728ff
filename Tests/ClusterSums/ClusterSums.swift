import LibC

/// What a cluster costs: sums over its ranks beside MPI's own, and steps of a network in shards.
///
///     mpirun -n 2 ClusterSums
///     mpirun -n 1 --bind-to core ClusterSums steps 1,2,4
///
/// The page Benchmarks/results/cluster.md says what was found.
@main enum ClusterSums {
  static func main() async {
    #if MPI
      let arguments = CommandLine.arguments
      do {
        if arguments.count == 3, arguments[1] == "steps" {
          try await measureSteps(of: arguments[2].split(separator: ",").map { Int($0)! })
        } else {
          try measureSums()
        }
      } catch {
        print("\(error)")
        exit(1)
      }
    #else
      print("What a cluster costs is measured in a build with the trait MPI.")
      exit(2)
    #endif
  }
}
