internal import Kernels

extension FormulaSearch {
  /// A log-sum-exp over the last axis minus an entry of each row, or the reverse: the entry a slice, one that labels
  /// name by a product with ``OneHot`` or by gathering, or the whole row.
  ///
  /// As written, it is the difference of two rounded numbers, and its gradient p − 1 that of two others: both are 0
  /// where a probability p is next to 1.
  func logProbability(_ node: NodeID) -> Formula? {
    guard let (a, b) = operands(of: node, if: gates.subtract) else { return nil }
    if let sum = logSumExp(a) { return formula(node, sum, entry: b, isLoss: true) }
    return logSumExp(b).flatMap { formula(node, $0, entry: a, isLoss: false) }
  }

  /// A log-sum-exp of the rows of x, in whatever shape.
  private struct RowSum {
    let x: NodeID
    let rows: Shape
    let nodes: [NodeID]
  }

  private func logSumExp(_ node: NodeID) -> RowSum? {
    let (sum, nodes) = reshaped(node)
    guard storage.gate(of: sum) is LogSumExp else { return nil }
    return RowSum(x: storage.input(0, of: sum), rows: storage.signature(of: sum).shape, nodes: nodes + [sum])
  }

  /// What `node` is but for its shape, and the nodes from `node` to there.
  private func reshaped(_ node: NodeID) -> (node: NodeID, nodes: [NodeID]) {
    var (node, nodes) = (node, [NodeID]())
    while let x = storage.inputs(of: node).first, isReshaping(node, of: x) {
      nodes.append(node)
      node = x
    }
    return (node, nodes)
  }

  private func isReshaping(_ node: NodeID, of x: NodeID) -> Bool {
    switch storage.traits(of: node).kernel.form {
    case .alias: storage.gate(of: node) is Reshape
    case .reduce(.sum, _): storage.signature(of: node).shape.elementCount == storage.signature(of: x).shape.elementCount
    default: false
    }
  }

  private func formula(_ node: NodeID, _ sum: RowSum, entry: NodeID, isLoss: Bool) -> Formula? {
    let result = storage.signature(of: node).shape, columns = storage.signature(of: sum.x).shape
    if entry == sum.x {
      guard !isLoss, result == columns, haveSameRows(node, sum) else { return nil }
      return Formula(node, LogSoftmax(), of: sum.x, inner: sum.nodes, givesValue: true)
    }
    guard result.elementCount == sum.rows.elementCount else { return nil }
    let (taken, nodes) = reshaped(entry)
    let inner = sum.nodes + nodes + [taken]
    if let slice = storage.gate(of: taken) as? Slice, storage.input(0, of: taken) == sum.x,
      slice.extents == Array(columns.dimensions.dropLast()) + [1], let number = slice.starts.last
    {
      let gate = LogProbability(entry: number, isLoss: isLoss, result: result)
      return Formula(node, gate, of: sum.x, inner: inner, givesValue: true)
    }
    guard isLoss, let (labels, more) = labels(of: taken, sum.x), result == storage.signature(of: labels).shape,
      result == sum.rows
    else { return nil }
    return Formula(node, CrossEntropy(), of: sum.x, labels, inner: inner + more, givesValue: true)
  }

  /// Whether a result of x's shape was made with one element of the sum for each of its rows.
  private func haveSameRows(_ node: NodeID, _ sum: RowSum) -> Bool {
    guard let (_, kept) = operands(of: node, if: gates.subtract) else { return false }
    let shape = storage.signature(of: kept).shape.dimensions
    return shape == sum.rows.dimensions + [1] || sum.rows.elementCount == 1
  }

  /// The labels by which `taken` takes one element of each row of x, and the nodes between.
  private func labels(of taken: NodeID, _ x: NodeID) -> (labels: NodeID, nodes: [NodeID])? {
    switch storage.gate(of: taken) {
    case is GatherRows:
      guard storage.input(0, of: taken) == x, storage.signature(of: x).shape.rank == 1 else { return nil }
      return (storage.input(1, of: taken), [])
    case let sum as Sum:
      let product = storage.input(0, of: taken)
      guard sum.axes == [storage.signature(of: x).shape.rank - 1],
        let (a, b) = operands(of: product, if: gates.multiply), a == x || b == x,
        case let oneHot = a == x ? b : a, storage.gate(of: oneHot) is OneHot, haveSameSignature(oneHot, x)
      else { return nil }
      return (storage.input(0, of: oneHot), [product, oneHot])
    default: return nil
    }
  }
}
