/// What a session does with a new value of a parameter when a step has succeeded.
struct UpdatePlan: Sendable {
  /// Which of the program's parameters it is.
  let parameter: Int
  /// Where the step computes the new value.
  let value: Placement.Place
  /// Whether the value is computed in the parameter's spare memory, which then changes places with the present one.
  /// Otherwise it is copied there first: a value that someone else reads where it is. Scalars are few bytes, and copied.
  let isComputedInPlace: Bool
}

extension ProgramPlan {
  /// Plans the updates of the parameters that `graph` updates; its nodes lie where `placed` says.
  ///
  /// A value may take the spare memory only if the buffer is its alone, and if no forward pass writes it: forward passes
  /// of several sessions share the store.
  mutating func updateParameters(
    by graph: IntermediateGraph, _ placed: borrowing Column<PlacedValue>, endpoints: Endpoints
  ) {
    defer { findLentOperands() }
    if graph.roots.nextValues.isEmpty { return }
    let isForward = DropUnused.usedNodes(of: graph.storage, roots: graph.roots.results)
    var uses: [Placement.Place: Int] = [:]
    for root in graph.roots.all { uses[placed[root.int].place, default: 0] += 1 }
    var numbers: [Placement.Place: Int] = [:]
    for (number, endpoint) in endpoints.parameters.enumerated() { numbers[endpoint.place] = number }
    for (parameter, value) in zip(graph.roots.updatedParameters, graph.roots.nextValues) {
      let place = placed[value.int].place
      var isComputedInPlace = false
      if place.isBuffer {
        let buffer = placement.buffers[place.index]
        isComputedInPlace =
          buffer.lifetime == .result && buffer.whole < 0 && uses[place] == 1 && !isForward[buffer.node.int]
        if isComputedInPlace { placement.buffers[place.index].lifetime = .next }
      }
      updates.append(
        UpdatePlan(parameter: numbers[placed[parameter.int].place]!, value: place, isComputedInPlace: isComputedInPlace)
      )
    }
  }

  private mutating func findLentOperands() {
    for (index, place) in operands.enumerated() where place.isBuffer && place != .none {
      if [.parameter, .next].contains(placement.buffers[place.index].lifetime) { lentOperands.append(index) }
    }
  }
}
