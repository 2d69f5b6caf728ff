public import DependencyScheduling
internal import Dispatch
import Synchronization
internal import Threads

/// Gathers the rows of concurrent requests into one run, and answers each with its own.
///
/// A row by itself reads all weights of a network for a few operations each; thirty-two rows read them once. A batcher
/// has callers wait for one another, for a moment at most:
///
/// ```swift
/// let batcher = try Batcher(
///   sizes: [1, 8, 32], patience: .microseconds(200), queueLimit: 256, parameters: store
/// ) { size in
///   let graph = Graph()
///   let images = graph.input("images", [size, 784])
///   let weights = graph.parameter("weights", [784, 10], .heNormal(seed: 1))
///   let scores = softmax(images.matmul(weights))
///   return BatchProgram(try Program(scores), input: images, output: scores)
/// }
/// let scores: [Float] = try await batcher.answer(pixels)
/// ```
/// Each answer has the bits that the row has by itself, whatever else is in the batch, and is of one version of the
/// parameters. A network in which rows may depend on one another (statistics of the batch, sums over rows) is refused
/// when the batcher is made: see ``RowwiseGate``. The rows that a batch is short of its program's size are zeros.
///
/// Any task may ask at any time. A request that is cancelled leaves its place at once. A row that makes its run fail
/// is the only one that meets the error: the others are run again without it.
public final class Batcher: Sendable {
  private typealias Waiter = CheckedContinuation<[RowValues], any Error>
  /// The parameters that the programs of all sizes share.
  public let parameters: ParameterStore
  /// The sizes of batches, from the least to the greatest.
  public let sizes: [Int]
  private let family: ProgramFamily<Int, BatchPorts>
  private let row: (inputs: [Signature], outputs: [Signature])
  private let state: Locked<State>
  private let tickets = Atomic<UInt64>(0)

  private struct State {
    var line: BatchLine<[RowValues]>
    var waiters: [Ticket: Waiter] = [:]
    /// Those who wait for the last answer.
    var stopping: [CheckedContinuation<Void, Never>] = []
    var statistics = Statistics()
  }

  /// Compiles the network for each of the sizes, and checks that it answers each row by itself.
  ///
  /// - Parameters:
  ///   - sizes: the numbers of rows that a batch may have; few, for each is a program. A batch runs in the smallest
  ///     that holds it.
  ///   - patience: how long a row waits for others at most while there is room for another run. With 0, a row that
  ///     finds nothing running runs by itself, and rows gather only while others run.
  ///   - queueLimit: the most rows that wait for their run; more are refused.
  ///   - runsAtOnce: the most batches that run at the same time.
  ///   - parameters: what the programs of all sizes share.
  ///   - executor: where batches run.
  ///   - build: builds and compiles the network for a number of rows.
  /// - Throws: ``ServingError/rowsDepend(_:)`` with the gate's name and line; ``ServingError/invalid(_:)`` for sizes or
  ///   limits below 1, or a network whose inputs or outputs have no rows, or other rows for another size; what `build`
  ///   throws.
  public init(
    sizes: [Int], patience: Duration, queueLimit: Int, runsAtOnce: Int = 1, parameters: ParameterStore,
    on executor: any ScheduleExecutor = GraphExecutor.shared,
    build: @escaping @Sendable (_ size: Int) throws -> BatchProgram
  ) throws {
    let sizes = Set(sizes).sorted()
    guard let least = sizes.first, let most = sizes.last, least >= 1 else {
      throw ServingError.invalid("a batch has at least 1 row, and there is at least one size, got \(sizes)")
    }
    guard queueLimit >= 1, runsAtOnce >= 1, patience >= .zero else {
      throw ServingError.invalid(
        "a batcher has a queue of at least 1, runs of at least 1 at once and a patience of at least 0, got "
          + "\(queueLimit), \(runsAtOnce) and \(patience)")
    }
    self.sizes = sizes
    self.parameters = parameters
    family = try ProgramFamily(capacity: sizes.count, parameters: parameters, on: executor) { size in
      let batch = try build(size)
      return (batch.program, try BatchPorts(batch, size: size))
    }
    let members = try Self.members(of: family, sizes)
    let row = members[0].ports.row
    self.row = row
    for (size, member) in zip(sizes, members) where member.ports.row != row {
      throw ServingError.invalid("a row of a batch of \(size) is another than one of a batch of \(least)")
    }
    let nanoseconds = Int64(min(patience / .nanoseconds(1), 1e18))
    state = Locked(
      State(line: BatchLine(most: most, patience: nanoseconds, queueLimit: queueLimit, runLimit: runsAtOnce)))
  }

  /// Where the blocking form is not in the way of asynchronous code.
  private static func members(
    of family: ProgramFamily<Int, BatchPorts>, _ sizes: [Int]
  ) throws -> [ProgramFamily<Int, BatchPorts>.Member] { try sizes.map { try family.member(for: $0) } }

  // MARK: asking

  /// The answer to one row, of a network of one input and one output.
  ///
  /// - Parameters:
  ///   - row: the elements of the input's row, in row-major order.
  ///   - type: of the output's elements.
  ///   - isolation: where it is called from.
  /// - Returns: the elements of the output's row.
  /// - Throws: as ``answers(to:isolation:)``.
  public func answer<Input: GraphScalar, Output: GraphScalar>(
    _ row: [Input], as type: Output.Type = Output.self, isolation: isolated (any Actor)? = #isolation
  ) async throws -> [Output] {
    guard self.row.outputs.count == 1, self.row.outputs[0].elementType == type.elementType else {
      throw ServingError.wrongRow("a row is answered with \(self.row.outputs), and one array of \(type) was asked for")
    }
    return try await answers(to: [RowValues(row)])[0].values()!
  }

  /// The answer to one row: the row of each output.
  ///
  /// - Parameters:
  ///   - row: the row of each input, in the order in which the network's inputs were named.
  ///   - isolation: where it is called from.
  /// - Throws: ``ServingError/wrongRow(_:)`` for another count or type than the network's; ``ServingError/overloaded``,
  ///   ``ServingError/stopped``; `CancellationError`; what a run with this row alone throws, if its batch has failed.
  public func answers(
    to row: [RowValues], isolation: isolated (any Actor)? = #isolation
  ) async throws -> [RowValues] {
    try check(row)
    if Task.isCancelled { throw CancellationError() }
    // Drawn before waiting, so that whoever cancels knows who it is.
    let ticket = Ticket(number: tickets.wrappingAdd(1, ordering: .relaxed).newValue)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (waiter: Waiter) in
        ask(row, ticket, waiter)
        // Cancelled before there was anybody to be found by that ticket.
        if Task.isCancelled { leave(ticket) }
      }
    } onCancel: {
      leave(ticket)
    }
  }

  private func check(_ given: [RowValues]) throws(ServingError) {
    let isRow =
      given.count == row.inputs.count
      && zip(given, row.inputs).allSatisfy { $0.count == $1.shape.elementCount && $0.elementType == $1.elementType }
    if isRow { return }
    let wanted = row.inputs.map { "\($0.shape.elementCount) \($0.elementType)" }.joined(separator: ", ")
    let got = given.map { "\($0.count) \($0.elementType)" }.joined(separator: ", ")
    throw .wrongRow("a row is \(wanted), got \(got)")
  }

  private func ask(_ row: [RowValues], _ ticket: Ticket, _ waiter: Waiter) {
    let now = MonotonicClock.now
    let asked = state.withLock { state -> Result<BatchLine<[RowValues]>.Orders, ServingError> in
      do throws(ServingError) {
        let orders = try state.line.ask(row, ticket, now: now)
        state.waiters[ticket] = waiter
        return .success(orders)
      } catch {
        state.statistics.refused += 1
        return .failure(error)
      }
    }
    switch asked {
    case .success(let orders): carryOut(orders)
    case .failure(let refusal): waiter.resume(throwing: refusal)
    }
  }

  private func leave(_ ticket: Ticket) {
    let waiter = state.withLock { state in
      state.line.leave(ticket)
      return state.waiters.removeValue(forKey: ticket)
    }
    waiter?.resume(throwing: CancellationError())
  }

  // MARK: running

  private func carryOut(_ orders: BatchLine<[RowValues]>.Orders) {
    if let nanoseconds = orders.wakeAfter {
      DispatchQueue.global(qos: .userInitiated).asyncAfter(deadline: .now() + .nanoseconds(Int(nanoseconds))) {
        [weak self] in self?.change { $0.wake(now: $1) }
      }
    }
    // In tasks of their own: no request that is cancelled takes the others with it.
    for batch in orders.batches {
      Task.detached { [self] in
        await run(batch)
        change { $0.ended(now: $1) }
      }
    }
  }

  /// Tells the line of an event and does what it says.
  private func change(_ event: (inout BatchLine<[RowValues]>, _ now: Int64) -> BatchLine<[RowValues]>.Orders) {
    let now = MonotonicClock.now
    let (orders, done) = state.withLock { state in
      let orders = event(&state.line, now)
      state.line._checkInvariants()
      let done = state.line.isDone ? state.stopping : []
      if state.line.isDone { state.stopping = [] }
      return (orders, done)
    }
    carryOut(orders)
    for waiter in done { waiter.resume() }
  }

  private func run(_ batch: [BatchLine<[RowValues]>.Member]) async {
    do {
      let answers = try await answers(to: batch.map(\.row), size: sizes.first { $0 >= batch.count }!)
      deliver(zip(batch, answers).map { ($0.ticket, .success($1)) })
    } catch {
      if batch.count == 1 { return deliver([(batch[0].ticket, .failure(error))]) }
      for member in batch { await run([member]) }
    }
  }

  /// The answers to the rows of one run.
  private func answers(to rows: [[RowValues]], size: Int) async throws -> [[RowValues]] {
    state.withLock { state in
      state.statistics.runs += 1
      state.statistics.paddingRows += size - rows.count
    }
    return try await family.withSession(for: size) { session, ports in
      try session.feed(rows, ports)
      try await session.forward()
      return try session.answers(count: rows.count, ports)
    }
  }

  private func deliver(_ answers: [(ticket: Ticket, answer: Result<[RowValues], any Error>)]) {
    let waiters = state.withLock { state in
      state.statistics.answered += answers.count
      return answers.map { state.waiters.removeValue(forKey: $0.ticket) }
    }
    for (waiter, answer) in zip(waiters, answers) { waiter?.resume(with: answer.answer) }
  }

  // MARK: ending

  /// Refuses new requests, answers those that wait, and returns when the last has its answer.
  public func stop() async {
    change { $0.stop(now: $1) }
    await withCheckedContinuation { waiter in
      let isDone = state.withLock { state in
        if !state.line.isDone { state.stopping.append(waiter) }
        return state.line.isDone
      }
      if isDone { waiter.resume() }
    }
  }

  /// Whether the batcher has been told to stop.
  public var isStopped: Bool { state.withLock { $0.line.isStopped } }

  /// What a batcher has done so far, and what waits.
  public struct Statistics: Hashable, Sendable {
    /// Rows that were answered, be it with an error.
    public internal(set) var answered = 0
    /// Runs of batches, and of single rows of batches that have failed.
    public internal(set) var runs = 0
    /// Rows of zeros in these runs.
    public internal(set) var paddingRows = 0
    /// Requests that were refused because too many waited, or the batcher was stopped.
    public internal(set) var refused = 0
    /// Rows that wait for their run now.
    public internal(set) var waiting = 0
  }

  /// What the batcher has done so far.
  public var statistics: Statistics {
    state.withLock { state in
      var statistics = state.statistics
      statistics.waiting = state.line.waiting
      return statistics
    }
  }
}
