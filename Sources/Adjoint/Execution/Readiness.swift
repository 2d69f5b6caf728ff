/// How much of what a session's runs need is there. Each stage has all that those before it have; nothing else says
/// whether a thing has been taken.
enum Readiness: Comparable, Sendable {
  /// No memory has been taken.
  case nothing
  /// Inputs and results have their memory, constants have been found, and scalar outputs have the upstream gradient 1.
  case values
  /// The store has lent the program's parameters.
  case parameters
  /// The calls of the forward pass have their memory and their addresses.
  case forward
  /// So have those of the backward pass, and parameters that a step updates have room for their next values.
  case step
}

/// What must be there for a run, from the first to the last: the one way from a session's call to its memory.
extension Workspace {
  /// Takes what is missing up to `stage`, and looks for parameters that lie elsewhere than the last time.
  ///
  /// - Parameters:
  ///   - store: what lends the parameters; claimed by the caller.
  ///   - layout: changes when its parameters have come to lie elsewhere.
  /// - Throws: ``SessionError`` that names what the memory was for. What was there before is there still, and no more
  ///   than whole stages besides.
  func makeReady(for stage: Readiness, _ store: ParameterStore, layout: Int) throws {
    try makeValuesReady()
    if readiness < .parameters {
      borrow(try store.memories(of: program.endpoints.parameters.map(program.wanted)))
      readiness = .parameters
    }
    if readiness < stage, stage == .step { try takeSpares(from: store) }
    findParameters(layout)
    if readiness < stage {
      try naming { () throws(MemoryRefused) in try takeSlots(for: stage) }
      readiness = stage
    }
    readScalarParameters()
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
