#if MPI
  internal import CMPI
  internal import LibC

  /// Messages by MPI, two communicators of them: one for elements, one for notices. Made, used and ended by one thread.
  package final class MPITransport: Transport {
    package let rank: Int, rankCount: Int, greatestTag: Int
    private let elements: adj_mpi_communicator, notices: adj_mpi_communicator
    private var requests: [adj_mpi_request] = [], free: [Int] = []
    private var sent: [(request: adj_mpi_request, bytes: UnsafeMutableRawBufferPointer)] = []

    /// Begins MPI, with all other processes of the launcher's.
    ///
    /// - Throws: ``ClusterError/joinedBefore``, ``ClusterError/refusedByMPI(operation:reason:)``.
    package init() throws(ClusterError) {
      var flag: CInt = 0
      MPI_Initialized(&flag)
      if flag != 0 { throw .joinedBefore }
      // Open MPI would take four signals from the host, and from the backtraces of Swift.
      setenv("OMPI_MCA_opal_signal", "", 0)
      // And MPICH would take SIGUSR1: what the host has is put back.
      let handlers = SignalHandlers()
      try Self.check("begin", adj_mpi_init())
      handlers.restore()
      var communicator = adj_mpi_communicator(), number: CInt = 0
      try Self.check("make a communicator", adj_mpi_make_communicator(&communicator))
      elements = communicator
      try Self.check("make a communicator", adj_mpi_make_communicator(&communicator))
      notices = communicator
      try Self.check("number processes", adj_mpi_rank(&number))
      rank = Int(number)
      try Self.check("count processes", adj_mpi_rank_count(&number))
      rankCount = Int(number)
      greatestTag = Int(adj_mpi_greatest_tag())
    }

    private static let longestReason = 1_024  // Decisions/Cluster.md

    private static func check(_ operation: String, _ status: CInt) throws(ClusterError) {
      if status == adj_mpi_success() { return }
      var text = [CChar](repeating: 0, count: longestReason), length: CInt = 0
      MPI_Error_string(status, &text, &length)
      let reason = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw .refusedByMPI(operation: operation, reason: reason)
    }

    private func keep(_ request: adj_mpi_request) -> TransportRequest {
      if let number = free.popLast() {
        requests[number] = request
        return TransportRequest(number: number)
      }
      requests.append(request)
      return TransportRequest(number: requests.count - 1)
    }

    private static func checkLength(_ count: Int) throws(ClusterError) {
      if count > (count % 4 == 0 ? 4 : 1) * Int(CInt.max) {
        throw .refusedByMPI(operation: "send \(count) bytes at once", reason: "it counts words with 31 bits")
      }
    }

    package func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws(ClusterError) -> TransportRequest
    {
      try Self.checkLength(bytes.count)
      var request = adj_mpi_request()
      try Self.check(
        "send", adj_mpi_send(bytes.baseAddress, bytes.count, CInt(rank), CInt(tag), elements, &request))
      return keep(request)
    }

    package func receive(
      _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
    ) throws(ClusterError) -> TransportRequest {
      try Self.checkLength(bytes.count)
      var request = adj_mpi_request()
      try Self.check(
        "receive", adj_mpi_receive(bytes.baseAddress, bytes.count, CInt(rank), CInt(tag), elements, &request))
      return keep(request)
    }

    package func isDone(_ request: inout TransportRequest) throws(ClusterError) -> Bool {
      var flag: CInt = 0
      try Self.check("test a message", adj_mpi_test(&requests[request.number], &flag))
      if flag == 0 { return false }
      free.append(request.number)
      return true
    }

    package func notify(_ rank: Int, _ bytes: [UInt8]) throws(ClusterError) {
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
      copy.copyBytes(from: bytes)
      var request = adj_mpi_request()
      try Self.check("send", adj_mpi_notify(copy.baseAddress, CInt(bytes.count), CInt(rank), notices, &request))
      sent.append((request, copy))
    }

    package func nextNotice() throws(ClusterError) -> (rank: Int, bytes: [UInt8])? {
      for place in sent.indices.reversed() {
        var flag: CInt = 0
        try Self.check("test a message", adj_mpi_test(&sent[place].request, &flag))
        if flag != 0 { sent.remove(at: place).bytes.deallocate() }
      }
      var hasCome: CInt = 0, sender: CInt = 0, count: CInt = 0
      try Self.check("look for messages", adj_mpi_probe(notices, &hasCome, &sender, &count))
      if hasCome == 0 { return nil }
      var bytes = [UInt8](repeating: 0, count: Int(count))
      try Self.check("receive", adj_mpi_take(&bytes, count, sender, notices))
      return (Int(sender), bytes)
    }

    package var hasSentNotices: Bool { sent.isEmpty }

    package func end() { MPI_Finalize() }
  }
#endif
