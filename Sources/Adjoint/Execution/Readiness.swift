/// How much of what a session's runs need is there. Each stage has all that those before it have; nothing else says
/// whether a thing has been taken.
enum Readiness: Comparable, Sendable {
  /// No memory has been taken.
  case nothing
  /// Inputs and results have their memory, constants have been found, and scalar outputs have the upstream gradient 1.
  case values
  /// The store holds the program's parameters, by numbers that are known.
  case parameters
  /// The calls of the forward pass have their memory and their addresses.
  case forward
  /// So have those of the backward pass and of updates.
  case step
}

/// What must be there for a run, from the first to the last: the one way from a session's call to its memory.
extension Workspace {
  /// Begins a run that reads the newest version of the parameters, and takes what is missing for it up to `stage`.
  ///
  /// A run of an updating program is given memory for the parameters' next values.
  ///
  /// - Parameters:
  ///   - stage: what the run needs.
  ///   - expected: the version that it must read; any if `nil`.
  ///   - store: what lends the parameters.
  /// - Throws: ``SessionError`` that names what memory was for, or says that the version is another. What was there
  ///   before is there still, and no more than whole stages besides.
  func beginRun(for stage: Readiness, of expected: Int?, _ store: ParameterStore) throws {
    try makeValuesReady()
    if readiness < .parameters {
      know(try store.numbers(of: program.endpoints.parameters.map(program.wanted)))
      readiness = .parameters
    }
    try beginReading(store, expected)
    do {
      if stage == .step { try takeTargets(store) }
      findParameters()
      if readiness < stage {
        try naming { () throws(MemoryRefused) in try takeSlots(for: stage) }
        readiness = stage
      }
    } catch {
      endRun(store, publishing: false)
      throw error
    }
  }

  /// Takes what is there before a run, and is kept between runs.
  func makeValuesReady() throws(SessionError) {
    if readiness >= .values { return }
    try naming { () throws(MemoryRefused) in try takeValues() }
    for upstream in program.endpoints.upstreams {
      guard let upstream, upstream.signature.shape == .scalar else { continue }
      TensorValues.repeated(1).write(to: address(upstream.place)!, count: 1, as: upstream.signature.elementType)
    }
    readiness = .values
  }

  /// The error of `take`, if it throws one, with the name of what the memory was for.
  private func naming(_ take: () throws(MemoryRefused) -> Void) throws(SessionError) {
    do throws(MemoryRefused) {
      try take()
    } catch {
      let name = error.node.map { program.describe($0) } ?? "the session's inputs and results"
      throw SessionError(error.limit, for: name)
    }
  }
}

extension Program {
  /// What the store is asked for, for a parameter of the program.
  func wanted(_ parameter: Endpoint) -> ParameterStore.Wanted {
    ParameterStore.Wanted(
      name: names.name(of: parameter.node), signature: parameter.signature,
      initializer: names.storage.initializers[parameter.node] ?? .zeros)
  }
}
