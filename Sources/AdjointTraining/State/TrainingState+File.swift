package import Adjoint

/// A training in a file: weights, what the optimizer remembers, step, position in the data, measures and counters in
/// one safetensors file.
extension TrainingState {
  /// Writes it, and the parameters `names` of `store`. The file appears whole or not at all, even after a power
  /// failure.
  ///
  /// - Throws: ``StateFileError``; an older file of that name is then as it was.
  package func save(
    _ names: [String], of store: ParameterStore, to path: String, metadata others: [String: String] = [:]
  ) throws(StateFileError) {
    try store.save(names, to: path, metadata: metadata.merging(others) { $1 })
  }

  /// All of it as text, by keys.
  package var metadata: [String: String] {
    var metadata = [
      Key.step: "\(step)", Key.epoch: "\(batches.position.epoch)", Key.batch: "\(batches.position.batch)",
      Key.rowCount: "\(batches.rowCount)", Key.batchSize: "\(batches.batchSize)", Key.seed: "\(batches.seed)",
      Key.isShuffled: "\(batches.isShuffled)", Key.keepsShortBatch: "\(batches.keepsShortBatch)",
    ]
    for (name, value) in counters { metadata[Key.counter + name] = "\(value)" }
    if validation != ValidationRecord() {
      for (name, value) in validation.numbers { metadata[Key.validation + name] = "\(value)" }
    }
    return metadata
  }

  /// The state in a file, whose values the parameters `names` of `store` then have.
  ///
  /// - Throws: ``StateFileError``: ``StateFileError/mismatch(path:_:)`` with all that does not fit this training; then
  ///   nothing was changed.
  package func resumed(
    _ names: [String], of store: ParameterStore, from path: String, expecting others: [String: String] = [:]
  ) throws(StateFileError) -> TrainingState {
    var file = try TensorFile(opening: path)
    file.adoptEarlierState(for: names)
    var problems = store.problems(of: file, names)
    for (key, value) in others.sorted(by: { $0.key < $1.key }) { expect(key, value, in: file.metadata, &problems) }
    let state = read(file.metadata, &problems)
    guard let state, problems.isEmpty else { throw .mismatch(path: path, problems) }
    try store.replaceValues(of: names, by: file)
    return state
  }

  /// More steps or epochs than any training has; so many that a step more is still a number.
  private static let mostSteps = 1 << 53  // Decisions/Limits.md

  private enum Key {
    static let step = "adjoint.step", epoch = "adjoint.epoch", batch = "adjoint.batch", seed = "adjoint.seed"
    static let rowCount = "adjoint.rows", batchSize = "adjoint.batchSize", isShuffled = "adjoint.shuffled"
    static let keepsShortBatch = "adjoint.shortBatch"
    static let counter = "adjoint.counter.", validation = "adjoint.validation."
  }

  private func expect(_ key: String, _ value: String, in metadata: [String: String], _ problems: inout [String]) {
    let text = metadata[key]
    if text == value { return }
    problems.append("\(key): \(text.map(TensorFileHeader.quoted) ?? "nothing") in the file, wanted '\(value)'")
  }

  /// What the metadata says, unless something in it does not fit, which is added to `problems`.
  package func read(_ metadata: [String: String], _ problems: inout [String]) -> TrainingState? {
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
    func expect(_ key: String, _ value: String) { self.expect(key, value, in: metadata, &problems) }
    expect(Key.rowCount, "\(batches.rowCount)")
    expect(Key.batchSize, "\(batches.batchSize)")
    expect(Key.isShuffled, "\(batches.isShuffled)")
    // Files of earlier versions do not say it: they had whole batches alone.
    if metadata[Key.keepsShortBatch] != nil || batches.keepsShortBatch {
      expect(Key.keepsShortBatch, "\(batches.keepsShortBatch)")
    }
    var state = TrainingState(batches)
    state.step = number(Key.step, below: Self.mostSteps)
    let position = Batches.Position(
      epoch: number(Key.epoch, below: Self.mostSteps), batch: number(Key.batch, below: batches.batchesPerEpoch - 1))
    let seed: UInt64 = number(Key.seed)
    for key in metadata.keys.sortedByBytes() where key.utf8.starts(with: Key.counter.utf8) {
      state.counters[String(key.unicodeScalars.dropFirst(Key.counter.unicodeScalars.count))] = number(key)
    }
    var measures: [String: UInt64] = [:]
    for name in ValidationRecord.names where metadata[Key.validation + name] != nil {
      measures[name] = number(Key.validation + name)
    }
    if !measures.isEmpty {
      if let record = ValidationRecord(measures) {
        state.validation = record
      } else {
        problems.append("\(Key.validation)…: numbers that no training has")
      }
    }
    if problems.count != countBefore { return nil }
    state.batches.resume(at: position, seed: seed)
    return state
  }
}
