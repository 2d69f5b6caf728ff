internal import GradientMemory

/// The shell around ``VersionLedger``: it locks, asks, unlocks, and then takes memory or gives it back.
extension ParameterStore {
  typealias Change = Ledger.Change

  // MARK: readers

  /// Begins to read the newest version, and answers its number, to be given to ``endReading(_:)``.
  ///
  /// - Parameters:
  ///   - numbers: the parameters that are read.
  ///   - known: the version that `bases` are of.
  ///   - bases: where they lie in this version, written if it is another than `known`.
  func beginReading(_ numbers: [Int], unless known: Int?, _ bases: inout [UnsafeMutableRawPointer]) -> Int {
    state.withLock { state in
      let version = state.ledger.beginReading()
      if version != known {
        bases.removeAll(keepingCapacity: true)
        for number in numbers { bases.append(state.ledger.parameters[number].value.buffer.base) }
      }
      return version
    }
  }

  func endReading(_ version: Int) {
    discard(state.withLock { $0.ledger.endReading(version) })
  }

  /// Calls `body` with the memory of parameters in the newest version, which stays as it is meanwhile.
  func reading<R>(_ numbers: [Int], _ body: ([OwnedBuffer]) throws -> R) rethrows -> R {
    let (version, values) = state.withLock { state in
      (state.ledger.beginReading(), numbers.map { state.ledger.parameters[$0].value })
    }
    defer { endReading(version) }
    return try body(values)
  }

  /// Calls `body` with the elements of a parameter, made if the store does not hold it.
  func reading<R>(_ wanted: Wanted, _ body: (UnsafeRawPointer) throws -> R) throws -> R {
    try reading(numbers(of: [wanted])) { try body($0[0].buffer.base) }
  }

  // MARK: the next version

  /// Takes memory for the next values of parameters, which no living version uses.
  ///
  /// - Parameters:
  ///   - numbers: the parameters.
  ///   - keeping: whether steps update them, so that memory for the value after the next is kept.
  ///   - targets: empty; then one a parameter, in their order.
  /// - Throws: ``SessionError/memoryLimit(node:requested:inUse:limit:)``; then nothing is taken.
  func takeTargets(of numbers: [Int], keeping: Bool, _ targets: inout [Change]) throws {
    var missing: [(place: Int, number: Int, kind: Kind)] = []
    state.withLock { state in
      for (place, number) in numbers.enumerated() {
        if keeping { state.ledger.keepSpare(of: number) }
        if let spare = state.ledger.takeSpare(of: number) {
          targets.append(Change(parameter: number, memory: spare))
        } else {
          missing.append((place: place, number: number, kind: state.kinds[number]))
        }
      }
    }
    for (place, number, kind) in missing {
      do {
        targets.insert(Change(parameter: number, memory: try allocate(kind.signature, for: kind.name)), at: place)
      } catch {
        giveBack(&targets)
        throw error
      }
    }
  }

  /// Gives memory back that was taken for next values which there are not.
  func giveBack(_ targets: inout [Change]) {
    discard(state.withLock { $0.ledger.giveBack(targets) })
    targets.removeAll(keepingCapacity: true)
  }

  /// Publishes the next version, by whoever has the turn to change parameters.
  func publish(_ targets: inout [Change]) {
    discard(state.withLock { $0.ledger.publish(targets) })
    targets.removeAll(keepingCapacity: true)
  }

  /// Ends a run that has read a version and, if steps update parameters, has written the next values.
  func endRun(of version: Int, _ targets: inout [Change], publishing: Bool) {
    if targets.isEmpty { return endReading(version) }
    let (useless, unread) = state.withLock { state in
      let useless = publishing ? state.ledger.publish(targets) : state.ledger.giveBack(targets)
      return (useless, state.ledger.endReading(version))
    }
    targets.removeAll(keepingCapacity: true)
    discard(useless)
    discard(unread)
  }

  /// Gives memory back to the arena, without the lock, since that may take long.
  func discard(_ memory: consuming [OwnedBuffer]) {}

  // MARK: writers

  /// Begins a training step: nobody else changes parameters until ``endTraining()``.
  ///
  /// - Throws: ``SessionError/otherTrainer(_:)`` while another is under way, ``SessionError/busy(_:)`` during a write.
  func beginTraining() throws(SessionError) {
    try noteTrainer()
    if writers.claim(.alone) { return }
    state.withLock { $0.hasTrainer = false }
    throw SessionError.busy("parameters of this store are being written: take the step afterwards")
  }

  /// Begins a training step, once a write that is under way has ended.
  ///
  /// - Throws: ``SessionError/otherTrainer(_:)`` while another is under way, `CancellationError` if the task is
  ///   cancelled while it waits.
  func beginTraining() async throws {
    try noteTrainer()
    do {
      try await writers.turn(.alone)
    } catch {
      state.withLock { $0.hasTrainer = false }
      throw error
    }
  }

  func endTraining() {
    writers.end()
    state.withLock { $0.hasTrainer = false }
  }

  private func noteTrainer() throws(SessionError) {
    let isFirst = state.withLock { state in
      defer { state.hasTrainer = true }
      return !state.hasTrainer
    }
    if !isFirst {
      throw .otherTrainer(
        "a training step of another session is under way on this parameter store: let one session at a time train it, "
          + "or give each trainer a store of its own")
    }
  }

  /// Begins a write.
  ///
  /// - Throws: ``SessionError/otherTrainer(_:)`` during a training step, ``SessionError/busy(_:)`` during another
  ///   write.
  func beginWriting() throws(SessionError) {
    if writers.claim(.alone) { return }
    if state.withLock({ $0.hasTrainer }) {
      throw .otherTrainer(
        "a training step is under way on this parameter store, whose values would replace what is written: write "
          + "between two steps, from where they are taken")
    }
    throw .busy("parameters of this store are being written by another call: write afterwards")
  }

  func endWriting() { writers.end() }

  /// Has `body` change a copy of a parameter, which is published if it does not throw.
  func changing<R>(_ wanted: Wanted, _ body: (UnsafeMutableRawPointer) throws -> R) throws -> R {
    let number = try numbers(of: [wanted])
    try beginWriting()
    defer { endWriting() }
    var targets: [Change] = []
    try takeTargets(of: number, keeping: false, &targets)
    let target = targets[0].memory.buffer.base
    reading(number) { target.copyMemory(from: $0[0].buffer.base, byteCount: wanted.signature.byteCount) }
    do {
      let result = try body(target)
      publish(&targets)
      return result
    } catch {
      giveBack(&targets)
      throw error
    }
  }
}
