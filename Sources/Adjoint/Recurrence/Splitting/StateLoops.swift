/// The loops of a recurrence: parts of the state that depend on one another from step to step, in an order in which each
/// loop comes after those whose values it reads. A network of several recurrent layers has one for each.
///
/// - Complexity: O((nodes + edges) of the body), and the cube of the parts of the state.
struct StateLoops {
  struct Loop {
    /// The parts of the state, by number.
    let state: [Int]
    /// What each step has to compute before the next one can begin: what depends on this loop's state and leads to it.
    let nodes: Set<NodeID>
  }
  let loops: [Loop]
  /// For each node of the body whether it differs from step to step.
  let varies: [Bool]

  /// `nil` for a state of more parts than are looked at.
  init?(_ body: ScanBody) {
    let count = body.state.count
    guard count <= UInt64.bitWidth else { return nil }
    let storage = body.graph.storage
    varies = body.depends(on: body.state + body.elements)
    var reads = [UInt64](repeating: 0, count: storage.count)
    for (part, node) in body.state.enumerated() { reads[node.int] = 1 << UInt64(part) }
    for index in 0..<storage.count {
      for input in storage.inputs(of: NodeID(index)) { reads[index] |= reads[input.int] }
    }
    // Which parts a part depends on, over any number of steps.
    var needs = body.next.map { reads[$0.int] }
    for middle in 0..<count {
      for part in 0..<count where needs[part] >> UInt64(middle) & 1 == 1 { needs[part] |= needs[middle] }
    }
    let closure = needs
    func depends(_ part: Int, on other: Int) -> Bool { closure[part] >> UInt64(other) & 1 == 1 }
    var loops: [Loop] = []
    var isDone = [Bool](repeating: false, count: count)
    /// Whether all that a part needs and that does not need it has been dealt with.
    func isNext(_ part: Int) -> Bool {
      for other in 0..<count where depends(part, on: other) && !depends(other, on: part) && !isDone[other] {
        return false
      }
      return !isDone[part]
    }
    while let first = (0..<count).first(where: isNext) {
      let state = (0..<count).filter { $0 == first || depends(first, on: $0) && depends($0, on: first) }
      for part in state { isDone[part] = true }
      let own = state.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
      let leading = storage.nodes(leadingTo: state.map { body.next[$0] }, from: Set(body.sources))
      loops.append(Loop(state: state, nodes: Set(leading.filter { reads[$0.int] & own != 0 })))
    }
    self.loops = loops
  }
}
