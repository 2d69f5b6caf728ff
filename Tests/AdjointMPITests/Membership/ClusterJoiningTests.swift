import AdjointMPI
import Foundation
import Testing

/// Joining, each time in a process of its own: a process joins once.
@Suite(.timeLimit(.minutes(20))) struct ClusterJoiningTests {
  @Test func `without a launcher a cluster is rank 0 of 1`() async {
    await #expect(processExitsWith: .success) {
      let cluster = try Cluster.join(patience: .seconds(60))
      precondition(cluster.rank == 0 && cluster.size == 1)
      let gathered = try await cluster.gather([1, 2])
      precondition(gathered == [[1, 2]])
      do {
        _ = try Cluster.join()
        preconditionFailure("joined twice")
      } catch ClusterError.joinedBefore {
        cluster.leave()
        cluster.leave()
        exit(EXIT_SUCCESS)
      }
    }
  }

  #if !MPI
    @Test(arguments: ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE"])
    func `a program without MPI says that its launcher has started others`(name: String) async {
      await #expect(processExitsWith: .success) { [name] in
        setenv(name, "4", 1)
        do {
          _ = try Cluster.join()
          preconditionFailure("joined")
        } catch ClusterError.launchedAlone(expected: 4) {
          exit(EXIT_SUCCESS)
        }
      }
    }
  #endif

  @Test func `a patience that is none is refused`() {
    #expect(throws: ClusterError.self) { try Cluster.join(patience: .zero) }
  }
}
