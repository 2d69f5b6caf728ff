#if MPI
  import Adjoint
  import AdjointMPI
  import CMPI
  import Dispatch
  import LibC
  import Threads

  /// A size of sums, how many are timed together, so that the clock costs nothing beside them, and how often.
  private let sizes: [(bytes: Int, repetitions: Int, turns: Int)] = [
    (4, 100, 101), (4 << 10, 50, 101), (256 << 10, 10, 101), (4 << 20, 2, 101), (64 << 20, 1, 25),
  ]
  /// Longer than any sum takes: nobody asks who is late.
  private let patience = Duration.seconds(3_600)

  /// Prints a table of three sums, timed in turns at rank 0, in microseconds.
  func measureSums() throws {
    let ranks = try RanksOfSums()
    let isReporting = ranks.rank == 0
    if isReporting {
      print("Medians (minima) in microseconds, \(ranks.rankCount) ranks\n")
      print("| bytes | MPI_Allreduce | direct | by the thread | direct / MPI_Allreduce | by the thread − direct |")
      print("|---|---|---|---|---|---|")
    }
    for size in sizes {
      let sums = FloatSums(ranks, count: size.bytes / 4)
      for way in SumWay.allCases { sums.check(way) }
      var times = [[Double]](repeating: [], count: SumWay.allCases.count)
      for _ in 0..<size.turns {
        for way in SumWay.allCases { times[way.rawValue].append(sums.time(way, size.repetitions)) }
      }
      guard isReporting else { continue }
      let least = times.map { $0.min()! }
      let cells = times.map { "\(rounded($0.sorted()[size.turns / 2])) (\(rounded($0.min()!)))" }
      print(
        "| \(size.bytes) | \(cells.joined(separator: " | ")) | \(rounded(least[1] / least[0])) "
          + "| \(rounded(least[2] - least[1])) |")
    }
    ranks.leave()
  }

  private func rounded(_ number: Double) -> String {
    let unit = abs(number) < 100 ? 100.0 : 1
    let value = (number * unit).rounded() / unit
    return unit == 1 ? "\(Int(value))" : "\(value)"
  }

  enum SumWay: Int, CaseIterable { case byMPI, direct, byThread }

  /// The thread that has begun MPI, and makes all its calls: for the cluster, and in between for whoever asks it to.
  final class RanksOfSums: Sendable {
    private final class Connection: @unchecked Sendable {  // because it is set before others read it
      var transport: MPITransport?, communicator = adj_mpi_communicator()
    }
    private let connection = Connection()
    let thread: MessageThread
    let rank: Int, rankCount: Int
    private let nothing: ExchangeMemory

    init() throws {
      thread = try MessageThread(patience: patience) { [connection] () throws(ClusterError) -> any Transport in
        let transport = try MPITransport()
        connection.transport = transport
        precondition(adj_mpi_make_communicator(&connection.communicator) == adj_mpi_success())
        return transport
      }
      (rank, rankCount) = (connection.transport!.rank, connection.transport!.rankCount)
      let alone = ShardTree(shardCount: 1, rankCount: 1)
      nothing = ExchangeMemory(
        ExchangePlan.sum(alone, rank: 0, count: 0, isSmall: true), .float32, own: [])
    }

    /// Calls `body` on the thread, between two looks at messages, and waits for it.
    func onThread<Value: Sendable>(
      _ body: @escaping @Sendable (MPITransport, adj_mpi_communicator) -> Value
    ) -> Value {
      let outcome = Waited<Value>()
      thread.begin(nothing, tag: 0) { [connection] failure in
        precondition(failure == nil, "\(failure!)")
        outcome.set(body(connection.transport!, connection.communicator))
      }
      return outcome.wait()
    }

    func leave() { thread.leave() }
  }

  /// Sums of one size in buffers that are made once.
  final class FloatSums: @unchecked Sendable {  // because one thread at a time sums
    private let ranks: RanksOfSums
    private let elements: UnsafeMutablePointer<Float>, count: Int
    private let memory: ExchangeMemory

    init(_ ranks: RanksOfSums, count: Int) {
      (self.ranks, self.count) = (ranks, count)
      let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(4 * count, 64), alignment: 64)
      elements = bytes.bindMemory(to: Float.self, capacity: count)
      let tree = ShardTree(shardCount: ranks.rankCount, rankCount: ranks.rankCount)
      let plan = ExchangePlan.sum(
        tree, rank: ranks.rank, count: count, isSmall: 4 * count <= GradientBuckets.smallByteCount)
      memory = ExchangeMemory(plan, .float32, own: [bytes])
    }

    deinit { elements.deallocate() }

    /// Sees that a sum is one, and leaves zeros, whose sums are zeros.
    func check(_ way: SumWay) {
      let ranks = ranks.rankCount
      for index in 0..<count { elements[index] = Float(index % 1_000 + self.ranks.rank) }
      _ = time(way, 1)
      for index in 0..<count {
        let sum = Float(ranks * (index % 1_000) + ranks * (ranks - 1) / 2)
        precondition(elements[index] == sum, "Element \(index) \(way) is \(sum), got \(elements[index])")
        elements[index] = 0
      }
    }

    /// Microseconds of a sum, of `repetitions` that follow one another. All ranks begin at once.
    func time(_ way: SumWay, _ repetitions: Int) -> Double {
      let nanoseconds =
        switch way {
        case .byMPI: ranks.onThread { self.sumByMPI(repetitions, $1) }
        case .direct: ranks.onThread { self.sumDirectly(repetitions, $0, $1) }
        case .byThread: sumByThread(repetitions)
        }
      return Double(nanoseconds) / 1_000 / Double(repetitions)
    }

    private func sumByMPI(_ repetitions: Int, _ communicator: adj_mpi_communicator) -> Int64 {
      Self.meet(communicator)
      let start = MonotonicClock.now
      for _ in 0..<repetitions { _ = adj_mpi_sum_floats(elements, CInt(count), communicator) }
      return MonotonicClock.now - start
    }

    private func sumDirectly(
      _ repetitions: Int, _ transport: MPITransport, _ communicator: adj_mpi_communicator
    ) -> Int64 {
      Self.meet(communicator)
      let start = MonotonicClock.now
      for _ in 0..<repetitions {
        var exchange = RunningExchange(memory, tag: 1, at: start) { _ in }
        do {
          while !(try exchange.advance(transport, at: start)) {}
        } catch {
          preconditionFailure("\(error)")
        }
      }
      return MonotonicClock.now - start
    }

    private func sumByThread(_ repetitions: Int) -> Int64 {
      ranks.onThread { Self.meet($1) }
      let start = MonotonicClock.now, isThere = DispatchSemaphore(value: 0)
      for _ in 0..<repetitions {
        ranks.thread.begin(memory, tag: 1) { failure in
          precondition(failure == nil, "\(failure!)")
          isThere.signal()
        }
        isThere.wait()
      }
      return MonotonicClock.now - start
    }

    private static func meet(_ communicator: adj_mpi_communicator) {
      var number: Float = 0
      _ = adj_mpi_sum_floats(&number, 1, communicator)
    }
  }

  /// A value that another thread gives, and this one waits for.
  private final class Waited<Value: Sendable>: @unchecked Sendable {  // because a signal is between
    private var value: Value?
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ value: Value) {
      self.value = value
      isThere.signal()
    }

    func wait() -> Value {
      isThere.wait()
      return value!
    }
  }
#endif
