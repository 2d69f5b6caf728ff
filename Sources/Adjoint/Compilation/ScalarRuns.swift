internal import Kernels

/// Turns scalar gates, as they come in the order of the nodes, into instructions, and gathers those that follow one
/// another in a unit, on the slab of one element type, into one step.
///
/// It knows no unit and no other step: who adds one of those closes the run before it.
struct ScalarRuns {
  private(set) var instructions: [ScalarInstruction] = []
  /// The node of each instruction.
  private(set) var nodes: [NodeID] = []
  /// The instructions that no step holds yet: from here to the end, on the slab of one element type.
  private var open: (type: ElementType, start: Int)?

  /// What the machine for scalars does for a gate of this kernel, if it can do it.
  static func operation(of kernel: Kernel) -> ElementwiseOperation? {
    switch kernel.form {
    case .elementwise(let operation): operation
    case .accumulate: .add
    case .broadcast: .copy
    default: nil
    }
  }

  /// Adds the instructions of a scalar gate to the run before them if that is of the same slab.
  ///
  /// - Returns: the step of the run before them, if that is of the other slab.
  mutating func add(
    _ operation: ElementwiseOperation, _ node: NodeID, in storage: GraphStorage, _ placement: Placement
  ) -> Step? {
    let place = placement.places[node.int]
    let type: ElementType = place.isDoubleSlot ? .float64 : .float32
    let closed = open?.type == type ? nil : close()
    if open == nil { open = (type, instructions.count) }

    let inputs = storage.inputRange(of: node)
    let result = UInt32(place.index)
    func slot(_ position: Int) -> UInt32 { UInt32(placement.places[storage.inputColumn[position].int].index) }
    if operation == .add && inputs.count != 2 {
      // An accumulate node of one or of more than two contributions, added in order.
      append(ScalarInstruction(.copy, result: result, a: slot(inputs.lowerBound)), of: node)
      for position in inputs.dropFirst() {
        append(ScalarInstruction(.add, result: result, a: result, b: slot(position)), of: node)
      }
    } else {
      let first = inputs.lowerBound
      append(
        ScalarInstruction(
          operation, result: result, a: slot(first), b: inputs.count > 1 ? slot(first + 1) : 0,
          c: inputs.count > 2 ? slot(first + 2) : 0), of: node)
    }
    return closed
  }

  private mutating func append(_ instruction: ScalarInstruction, of node: NodeID) {
    instructions.append(instruction)
    nodes.append(node)
  }

  /// Makes a step of the instructions gathered since the last one, if there are any.
  mutating func close() -> Step? {
    guard let run = open else { return nil }
    open = nil
    return Step(
      work: .scalars(run.type, run.start..<instructions.count), node: nodes[run.start], operands: 0..<0, results: 0..<0)
  }
}
