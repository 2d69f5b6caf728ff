internal import Adjoint
internal import AdjointTraining
internal import DependencyScheduling

/// Beginning, saving and resuming, on all ranks.
extension ClusterTrainer {
  // MARK: agreement

  /// Once, before anything else that ranks do together: compares the trainings, and gives all ranks rank 0's
  /// parameters.
  nonisolated(nonsending) func agree() async throws {
    if hasAgreed { return }
    var facts = [
      "graph": Fingerprint("\(sharded.update.graph)".utf8).description, "shards": "\(shards)",
      "rows of data": "\(batches.rowCount)", "batch size": "\(batches.batchSize)",
      "seed of the data": "\(batches.seed)", "order of the data": batches.isShuffled ? "shuffled" : "as it is",
      "position in the data": "epoch \(batches.position.epoch), batch \(batches.position.batch)", "step": "\(step)",
    ]
    for (name, value) in counters { facts["counter \(name)"] = "\(value)" }
    try await cluster.compare(Likeness(facts: facts))
    try await shareParameters()
    hasAgreed = true
  }

  /// Gives all ranks the values that rank 0 has of what is saved.
  private nonisolated(nonsending) func shareParameters() async throws {
    if cluster.size == 1 { return }
    for name in sharded.savedNames {
      let count = try parameters.withBytes(of: name) { $0.byteCount }
      if count == 0 { continue }
      let bytes = SharedBytes(count: count)
      try parameters.withBytes(of: name) { $0.withUnsafeBytes { bytes.buffer.copyMemory(from: $0) } }
      let plan = ExchangePlan.broadcast(rankCount: cluster.size, rank: cluster.rank, count: count)
      do {
        try await cluster.exchange(ExchangeMemory(plan, nil, own: [bytes.buffer.baseAddress!]))
      } catch {
        KeptMemory.keep(bytes)
        throw error
      }
      if cluster.rank == 0 { continue }
      try parameters.replaceValues(of: [name]) { _, target in
        target.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(bytes.buffer)) }
      }
    }
  }

  // MARK: files

  private static let shardsKey = "adjoint.shards"

  /// Writes the state after the steps taken so far: rank 0 does, once all ranks are known to have the same parameters,
  /// and all learn whether it worked. The file appears whole or not at all.
  ///
  /// - Throws: ``ClusterError/diverged(step:ranks:)``, ``ClusterError/file(_:)``, and what the cluster throws.
  public nonisolated(nonsending) func save(to path: String) async throws {
    try await agree()
    let digests = try await cluster.collect(Array("\(digest())".utf8))
    let others = digests.indices.filter { digests[$0] != digests[0] }
    if !others.isEmpty { throw ClusterError.diverged(step: step, ranks: others) }
    try await onRankZero { [state, names = sharded.savedNames, parameters, shards] () throws(StateFileError) in
      try state.save(names, of: parameters, to: path, metadata: [Self.shardsKey: "\(shards)"])
      return state
    }
  }

  /// Goes on from the state in a file that rank 0 reads, on any number of ranks up to the shards: the steps that follow
  /// have the bits they would have had without the break.
  ///
  /// - Throws: ``ClusterError/file(_:)`` with all that does not fit; then nothing was changed. What the cluster throws.
  public nonisolated(nonsending) func resume(from path: String) async throws {
    try await agree()
    state = try await onRankZero {
      [state, names = sharded.savedNames, parameters, shards] () throws(StateFileError) in
      try state.resumed(names, of: parameters, from: path, expecting: [Self.shardsKey: "\(shards)"])
    }
    try await shareParameters()
  }

  /// Does on rank 0 what may fail there, and tells all ranks how it went and what the state is.
  @discardableResult
  private nonisolated(nonsending) func onRankZero(
    _ body: @escaping @Sendable () throws(StateFileError) -> TrainingState
  ) async throws -> TrainingState {
    var told: [String: String] = [:]
    if cluster.rank == 0 {
      do {
        told = try await awaitingBlocking(body).metadata
      } catch {
        told = [Self.failureKey: "\(error)"]
      }
    }
    told = TextTable.table(try await cluster.collect(TextTable.bytes(told))[0][...]) ?? [:]
    if let reason = told[Self.failureKey] { throw ClusterError.file(reason) }
    var problems: [String] = []
    guard let state = state.read(told, &problems) else { throw ClusterError.file(problems.joined(separator: ", ")) }
    return state
  }

  /// Under which ranks are told why it did not work.
  private static let failureKey = "failure"

  /// A hash of all that is saved.
  private func digest() throws -> Fingerprint {
    var digest = Fingerprint()
    try parameters.withBytes(of: sharded.savedNames) { _, bytes in
      bytes.withUnsafeBytes { digest.add($0) }
    }
    return digest
  }
}

/// Bytes that live until nobody holds them.
private final class SharedBytes: @unchecked Sendable {  // because one exchange at a time uses them
  let buffer: UnsafeMutableRawBufferPointer
  init(count: Int) { buffer = .allocate(byteCount: count, alignment: 64) }
  deinit { buffer.deallocate() }
}
