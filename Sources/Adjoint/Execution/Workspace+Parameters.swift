internal import GradientMemory

/// What a session knows of the parameters that its store lends, and what a run under way has of them.
struct LentParameters {
  /// By the order of the program's parameters: the store's number, where a run reads the value, where it lies.
  var numbers: [Int] = [], places: [Placement.Place] = [], bases: [UnsafeMutableRawPointer] = []
  /// The version that `bases` and the addresses of steps are of; `nil` before the first.
  var known: Int?
  /// The version that the run under way reads.
  var version: Int?
  /// The store's numbers of the parameters that steps update, in the plan's order.
  var updated: [Int] = []
  /// Where the run under way writes their next values.
  var targets: [ParameterStore.Change] = []
  /// What runs read instead of the store's values, by the order of the program's parameters.
  var own: [Int: OwnedBuffer] = [:]
}

extension Workspace {
  /// Notes which of the store's parameters are the program's.
  func know(_ numbers: [Int]) {
    parameters.numbers = numbers
    parameters.places = program.endpoints.parameters.map(\.place)
    parameters.updated = plan.updates.map { numbers[$0.parameter] }
  }

  /// Begins to read the newest version.
  ///
  /// - Throws: ``SessionError/notComputed(_:)`` if it is not the one that is expected, which is none of a new run.
  func beginReading(_ store: ParameterStore, _ expected: Int?) throws(SessionError) {
    let version = store.beginReading(parameters.numbers, unless: parameters.known, &parameters.bases)
    if let expected, version != expected {
      store.endReading(version)
      throw .notComputed("parameters were written since the forward pass: run forward again")
    }
    parameters.version = version
  }

  /// Takes memory for the next values of the parameters that steps update.
  func takeTargets(_ store: ParameterStore) throws {
    if parameters.updated.isEmpty { return }
    try store.takeTargets(of: parameters.updated, keeping: true, &parameters.targets)
  }

  /// Takes the addresses of parameters, and of their next values, if they are others than the last time; copies
  /// parameters of one element into the slab.
  func findParameters() {
    if parameters.known == parameters.version, parameters.targets.isEmpty { return }
    for (number, place) in parameters.places.enumerated() {
      let base = parameters.own[number]?.buffer.base ?? parameters.bases[number]
      if place.isBuffer {
        addresses[place.index] = base
      } else {
        address(place)!.copyMemory(from: base, byteCount: place.isDoubleSlot ? 8 : 4)
      }
    }
    for (update, target) in zip(plan.updates, parameters.targets) where update.isComputedInPlace {
      addresses[update.value.index] = target.memory.buffer.base
    }
    for index in plan.lentOperands where index < operandCount(at: readiness) {
      if let base = address(plan.operands[index]) { operands[index] = base }
    }
    parameters.known = parameters.version
  }

  /// Ends what a run has of the parameters; the values that it has computed for them become those of the next version,
  /// all at once, or are dropped.
  func endRun(_ store: ParameterStore, publishing: Bool) {
    if publishing { completeTargets() }
    store.endRun(of: parameters.version!, &parameters.targets, publishing: publishing)
    parameters.version = nil
  }

  /// Copies next values that were computed elsewhere: where one parameter becomes another it becomes the old one.
  private func completeTargets() {
    for (update, target) in zip(plan.updates, parameters.targets) where !update.isComputedInPlace {
      let buffer = target.memory
      buffer.buffer.base.copyMemory(from: address(update.value)!, byteCount: buffer.buffer.byteCount)
    }
  }
}
