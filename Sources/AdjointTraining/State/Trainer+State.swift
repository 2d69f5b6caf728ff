internal import Adjoint
internal import DependencyScheduling

/// Saving a training and going on with it: weights, what the optimizer remembers, step, position in the data and
/// counters in one safetensors file.
extension Trainer {
  /// Writes the state after the steps taken so far. The file appears whole or not at all, also after a power failure.
  ///
  /// - Throws: ``StateFileError``; an older file of that name is then as it was.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func save(to path: String) throws(StateFileError) {
    var metadata = [
      Key.step: "\(step)", Key.epoch: "\(batches.position.epoch)", Key.batch: "\(batches.position.batch)",
      Key.rowCount: "\(batches.rowCount)", Key.batchSize: "\(batches.batchSize)", Key.seed: "\(batches.seed)",
      Key.isShuffled: "\(batches.isShuffled)", Key.keepsShortBatch: "\(batches.keepsShortBatch)",
    ]
    for (name, value) in counters { metadata[Key.counter + name] = "\(value)" }
    try session.parameters.save(whole.loss.graph.parameters.map(\.name), to: path, metadata: metadata)
  }

  /// The same on a thread of Dispatch's, while the calling task awaits it.
  ///
  /// - Parameter path: the file.
  /// - Throws: ``StateFileError``; an older file of that name is then as it was.
  public func save(to path: String) async throws(StateFileError) {
    try await awaitingBlocking { () throws(StateFileError) in try save(to: path) }
  }

  /// Goes on from the state in a file: the steps that follow have the bits they would have had without the break.
  ///
  /// The data's seed is the file's from then on, and so are the counters. A file of an earlier version, which kept the
  /// mean squares of ``Adam``, ``AdamW`` and ``RMSProp`` and not their roots, is read as well, each root rounded once.
  ///
  /// - Throws: ``StateFileError``: ``StateFileError/mismatch(path:_:)`` with all that does not fit this training; then
  ///   nothing was changed.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public mutating func resume(from path: String) throws(StateFileError) {
    var file = try TensorFile(opening: path)
    let names = whole.loss.graph.parameters.map(\.name)
    file.adoptEarlierState(for: names)
    var problems = session.parameters.problems(of: file, names)
    let position = readPosition(file.metadata, &problems)
    guard let position, problems.isEmpty else { throw .mismatch(path: path, problems) }
    try session.parameters.replaceValues(of: names, by: file)
    step = position.step
    batches.resume(at: position.data, seed: position.seed)
    counters = position.counters
  }

  /// The same on a thread of Dispatch's, while the calling task awaits it.
  ///
  /// - Parameter path: the file.
  /// - Throws: ``StateFileError``, as the synchronous form; then nothing was changed.
  public mutating func resume(from path: String) async throws(StateFileError) {
    let before = self
    self = try await awaitingBlocking { () throws(StateFileError) in
      var resumed = before
      try resumed.resume(from: path)
      return resumed
    }
  }

  /// More steps or epochs than any training has; so many that a step more is still a number.
  private static let mostSteps = 1 << 53  // Decisions/Limits.md

  private enum Key {
    static let step = "adjoint.step", epoch = "adjoint.epoch", batch = "adjoint.batch", seed = "adjoint.seed"
    static let rowCount = "adjoint.rows", batchSize = "adjoint.batchSize", isShuffled = "adjoint.shuffled"
    static let keepsShortBatch = "adjoint.shortBatch"
    static let counter = "adjoint.counter."
  }

  private struct Position {
    var step: Int, data: Batches.Position, seed: UInt64, counters: [String: UInt64]
  }

  /// What the metadata says, unless something in it does not fit, which is added to `problems`.
  private func readPosition(_ metadata: [String: String], _ problems: inout [String]) -> Position? {
    let countBefore = problems.count
    func number<N: FixedWidthInteger>(_ key: String, below bound: N = .max) -> N {
      guard let text = metadata[key] else {
        problems.append("\(key): missing in the file's metadata")
        return 0
      }
      guard let value = N(text), value >= 0, value <= bound, "\(value)" == text else {
        problems.append("\(key): \(TensorFileHeader.quoted(text)) in the file, wanted a number from 0 to \(bound)")
        return 0
      }
      return value
    }
    func expect(_ key: String, _ value: String) {
      let text = metadata[key]
      if text == value { return }
      problems.append("\(key): \(text.map(TensorFileHeader.quoted) ?? "nothing") in the file, wanted '\(value)'")
    }
    expect(Key.rowCount, "\(batches.rowCount)")
    expect(Key.batchSize, "\(batches.batchSize)")
    expect(Key.isShuffled, "\(batches.isShuffled)")
    // Files of earlier versions do not say it: they had whole batches alone.
    if metadata[Key.keepsShortBatch] != nil || batches.keepsShortBatch {
      expect(Key.keepsShortBatch, "\(batches.keepsShortBatch)")
    }
    var position = Position(
      step: number(Key.step, below: Self.mostSteps),
      data: Batches.Position(
        epoch: number(Key.epoch, below: Self.mostSteps), batch: number(Key.batch, below: batches.batchesPerEpoch - 1)),
      seed: number(Key.seed), counters: [:])
    for key in metadata.keys.sortedByBytes() where key.utf8.starts(with: Key.counter.utf8) {
      position.counters[String(key.unicodeScalars.dropFirst(Key.counter.unicodeScalars.count))] = number(key)
    }
    return problems.count == countBefore ? position : nil
  }
}
