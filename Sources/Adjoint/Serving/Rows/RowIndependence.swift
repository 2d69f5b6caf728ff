internal import Kernels

/// Whether each row of a program's outputs depends on its own row of the inputs alone: the same bits whatever the other
/// rows are, and whichever of them it is.
///
/// Rows are followed through the graph as the user made it. A value has rows if it is cut into as many equal stretches
/// of its elements, and each is computed of the same stretch of the inputs, by the same rule. What a gate does to rows
/// is known from what its kernel says that its parts read and write, from the axes it works along, or from the gate
/// itself (``RowwiseGate``); where none of the three says that rows stay apart, they are taken to mix.
struct RowIndependence {
  private let state: GraphState
  private let rowCount: Int
  private var dependences: [NodeID: Dependence] = [:]

  /// What is known of a value.
  private enum Dependence {
    /// It has rows of the inputs.
    case rows
    /// It depends on no input, and has rows that are all alike.
    case alike
    /// It depends on no input.
    case fixed
  }

  /// Checks that each of `outputs` has `rowCount` rows where the `inputs` have them.
  ///
  /// - Throws: ``ServingError/rowsDepend(_:)`` with the first gate that may mix rows, or the output that has none.
  /// - Complexity: O(nodes · rows).
  static func check(
    _ state: GraphState, inputs: Set<NodeID>, outputs: [NodeID], rowCount: Int
  ) throws(ServingError) {
    if rowCount < 2 { return }
    var analysis = RowIndependence(state: state, rowCount: rowCount)
    let last = outputs.map(\.int).max() ?? -1
    var isRead = [Bool](repeating: false, count: last + 1)
    for output in outputs { isRead[output.int] = true }
    for index in stride(from: last, through: 0, by: -1) where isRead[index] {
      state.storage.forEachInput(of: NodeID(index)) { isRead[$0.int] = true }
    }
    for index in 0...max(last, 0) where index <= last && isRead[index] {
      let node = NodeID(index)
      guard let dependence = analysis.dependence(of: node, isFed: inputs.contains(node)) else {
        throw .rowsDepend(
          "\(state.describe(node)) may mix the \(rowCount) rows of a batch, which are to be answered each by itself")
      }
      analysis.dependences[node] = dependence
    }
    for output in outputs {
      guard case .rows = analysis.dependences[output] else {
        throw .rowsDepend("\(state.describe(output)) does not depend on the rows that are fed")
      }
    }
  }

  private init(state: GraphState, rowCount: Int) { (self.state, self.rowCount) = (state, rowCount) }

  /// What is known of a node whose operands are known; `nil` if rows may mix in it.
  private func dependence(of node: NodeID, isFed: Bool) -> Dependence? {
    if isFed { return .rows }
    let storage = state.storage
    guard storage.inputCount(of: node) > 0 else {
      guard case .repeated = storage.constants[node] else { return .fixed }
      return canHaveRows(storage.signature(of: node).shape) ? .alike : .fixed
    }
    let operands = storage.inputs(of: node).map { dependences[$0]! }
    let needsRows = operands.contains { if case .rows = $0 { true } else { false } }
    // An operand whose rows are all alike can be taken as one that has rows, or as one that has none.
    let mayHaveRows = operands.map { if case .fixed = $0 { false } else { true } }
    let haveRows = operands.map { if case .rows = $0 { true } else { false } }
    let keepsApart =
      canHaveRows(storage.signature(of: node).shape)
      && (keepsRowsApart(node, hasRows: mayHaveRows) || keepsRowsApart(node, hasRows: haveRows))
    if keepsApart { return needsRows ? .rows : .alike }
    return needsRows ? nil : .fixed
  }

  private func canHaveRows(_ shape: Shape) -> Bool { shape.elementCount % rowCount == 0 }

  /// Whether row r of a node's result is computed of row r of the operands that have rows and of all of the others, by
  /// a rule that is the same for every r.
  private func keepsRowsApart(_ node: NodeID, hasRows: [Bool]) -> Bool {
    let storage = state.storage
    let operands = storage.inputs(of: node).map { storage.signature(of: $0) }
    return Self.keepsRowsApart(
      storage.gate(of: node), operands, storage.signature(of: node), hasRows: hasRows, rowCount: rowCount)
  }

  /// The same of a gate applied to operands.
  ///
  /// - Parameters:
  ///   - operands: what it is applied to.
  ///   - result: what its rules make of them.
  ///   - hasRows: which operands have rows.
  ///   - rowCount: how many.
  static func keepsRowsApart(
    _ gate: any Gate, _ operands: [Signature], _ result: Signature, hasRows: [Bool], rowCount: Int
  ) -> Bool {
    let shapes = operands.map(\.shape)
    for (shape, hasRows) in zip(shapes + [result.shape], hasRows + [true])
    where hasRows && shape.elementCount % rowCount != 0 { return false }
    if let gate = gate as? any RowwiseGate {
      guard hasRows.contains(true) else { return false }
      return gate.keepsRowsApart(
        RowApplication(rowCount: rowCount, operands: shapes, hasRows: hasRows, result: result.shape))
    }
    let parts = RowParts(rowCount: rowCount, operands: shapes, result: result.shape, hasRows: hasRows)
    let call = CallShapes(result: result, operands: operands)
    switch gate.kernel.form {
    case .alias:
      return hasRows == [true]
    case .reduce, .structured:
      if case .structured(.ofAuthor, _) = gate.kernel.form { return false }
      if let gate = gate as? any AxisGate { return Self.isBesideTheRows(gate, shapes, hasRows, result, rowCount) }
      return parts.areApart(in: gate.kernel.call(call))
    case .custom, .formula:
      // One formula for all elements, by the contract of the protocol: what is read is what broadcasting says.
      guard gate is any ElementwiseGate else { return false }
      return parts.areApart { position in
        BroadcastCall(CallShapes(result: result, operands: [operands[position]]))
      }
    case .source, .composed, .scan, .reduceLeaves:
      return false
    default:
      return parts.areApart(in: gate.kernel.call(call))
    }
  }

  /// Whether a gate of the package works along axes other than the first, along which its operands have their rows.
  private static func isBesideTheRows(
    _ gate: any AxisGate, _ operands: [Shape], _ hasRows: [Bool], _ result: Signature, _ rowCount: Int
  ) -> Bool {
    !gate.axes.contains(0) && hasRows.allSatisfy { $0 } && result.shape.rank > 0
      && operands.allSatisfy { $0.rank > 0 && $0[0] == result.shape[0] && $0[0] % rowCount == 0 }
  }
}

/// The parts of a call that write one row each, and what they read.
struct RowParts {
  let rowCount: Int
  let operands: [Shape]
  let result: Shape
  /// Which operands have rows.
  let hasRows: [Bool]

  /// Whether the part that writes a row reads the same row of each operand that has rows, and of the others the same
  /// elements for each row. A call that cannot be cut between rows, or does not say what it reads, is taken to mix
  /// them.
  func areApart(in call: any KernelCall) -> Bool {
    hasRows.indices.allSatisfy { areApart(in: call, operand: $0, readAs: $0) }
  }

  /// The same where what is read of each operand is what a call of its own reads of its only one.
  func areApart(_ call: (_ operand: Int) -> any KernelCall) -> Bool {
    hasRows.indices.allSatisfy { areApart(in: call($0), operand: $0, readAs: 0) }
  }

  private func areApart(in call: any KernelCall, operand: Int, readAs position: Int) -> Bool {
    let extent = call.extent
    guard extent % rowCount == 0 else { return false }
    var readByFirst: Range<Int>?
    for row in 0..<rowCount {
      let part = (row..<row + 1).scaled(by: extent / rowCount)
      guard call.elementsWritten(to: 0, by: part) == elements(of: result, row),
        let read = call.elementsRead(of: position, by: part)
      else { return false }
      if hasRows[operand] {
        let own = elements(of: operands[operand], row)
        if read.clamped(to: own) != read { return false }
      } else if read != readByFirst ?? read {
        return false
      }
      readByFirst = readByFirst ?? read
    }
    return true
  }

  /// The elements of one row of a value that has rows.
  private func elements(of shape: Shape, _ row: Int) -> Range<Int> {
    (row..<row + 1).scaled(by: shape.elementCount / rowCount)
  }
}
