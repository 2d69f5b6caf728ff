internal import Kernels

/// Matrix product: Y = A · B, batched over leading axes, which broadcast.   Ā = Ȳ · Bᵀ,  B̄ = Aᵀ · Ȳ.
///
/// The transposes of the gradient are flags of the product, never copies, and the Jacobian (of as many entries as
/// elements of Y times elements of A) is never formed.
public struct Matmul: Gate, SampledGate {
  public static let name = "matmul"
  public let transposeA: Bool, transposeB: Bool

  /// The most products of a batch: a program keeps where the matrices of each begin.
  private static let mostProducts = 1 << 28  // Decisions/Limits.md

  public init(transposeA: Bool = false, transposeB: Bool = false) {
    self.transposeA = transposeA
    self.transposeB = transposeB
  }

  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    let (a, b) = (inputs[0], inputs[1])
    guard a.rank >= 2, b.rank >= 2 else {
      throw ShapeError("a matrix product needs operands of at least two axes, got \(a) and \(b)")
    }
    let (m, k) = transposeA ? (a[a.rank - 1], a[a.rank - 2]) : (a[a.rank - 2], a[a.rank - 1])
    let (k2, n) = transposeB ? (b[b.rank - 1], b[b.rank - 2]) : (b[b.rank - 2], b[b.rank - 1])
    guard k == k2 else { throw ShapeError("the inner extents differ: \(k) and \(k2), multiplying \(a) by \(b)") }
    let batch = try Shape.broadcast(Shape(Array(a.dimensions.dropLast(2))), Shape(Array(b.dimensions.dropLast(2))))
    guard batch.elementCount <= Self.mostProducts else {
      throw ShapeError("a batch has at most 2^28 products, and multiplying \(a) by \(b) takes \(batch.elementCount)")
    }
    return Shape(batch.dimensions + [m, n])
  }

  public var kernel: Kernel { Kernel(.matmul(transposeA: transposeA, transposeB: transposeB)) }

  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let (a, b) = (inputs[0], inputs[1])
    let inner = transposeA ? a.shape[a.shape.rank - 2] : a.shape[a.shape.rank - 1]
    func element(_ x: ReferenceTensor, _ index: [Int], _ row: Int, _ column: Int, transposed: Bool) -> Double {
      let missing = shape.rank - x.shape.rank
      let batch = (0..<x.shape.rank - 2).map { x.shape[$0] == 1 ? 0 : index[$0 + missing] }
      return x[batch + (transposed ? [column, row] : [row, column])]
    }
    return ReferenceTensor(shape, a.elementType) { index in
      (0..<inner).reduce(0) { sum, k in
        sum + element(a, index, index[shape.rank - 2], k, transposed: transposeA)
          * element(b, index, k, index[shape.rank - 1], transposed: transposeB)
      }
    }
  }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    downstream(
      upstream, node.inputs[0], node.inputs[1], needsA: node.needsGradient(0), needsB: node.needsGradient(1))
  }

  func downstream(_ upstream: Node, _ a: Node, _ b: Node, needsA: Bool, needsB: Bool) -> [Node?] {
    let graph = upstream.graph
    func product(_ x: Node, _ y: Node, _ transposeA: Bool, _ transposeB: Bool) -> Node {
      graph.apply(Matmul(transposeA: transposeA, transposeB: transposeB), to: [x, y])
    }
    return [
      !needsA
        ? nil : transposeA ? product(b, upstream, transposeB, true) : product(upstream, b, false, !transposeB),
      !needsB
        ? nil : transposeB ? product(upstream, a, true, transposeA) : product(a, upstream, !transposeA, false),
    ]
  }

  /// Ẏ = Ȧ · B + A · Ḃ: the product rule.
  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    bilinear(tangents, node)
  }

  package static let samples = [
    GateSample(Matmul(), .uniform([2, 3]), .uniform([3, 4])),
    GateSample(Matmul(transposeA: true), .uniform([3, 2]), .uniform([3, 4])),
    GateSample(Matmul(transposeB: true), .uniform([2, 3]), .uniform([4, 3])),
    GateSample(Matmul(transposeA: true, transposeB: true), .uniform([3, 2]), .uniform([4, 3])),
    GateSample(Matmul(), .uniform([2, 1, 2, 3]), .uniform([3, 3, 2])),
    GateSample(Matmul(), .uniform([1, 5]), .uniform([5, 1])),
  ]
}

extension Matmul: RowwiseGate {
  /// Rows of the left matrix are rows of the product, whatever their number: each is summed by itself. So are whole
  /// matrices of a batch.
  public func keepsRowsApart(_ application: RowApplication) -> Bool {
    let (a, b, rows) = (application.operands[0], application.operands[1], application.rowCount)
    guard application.result[0] % rows == 0 else { return false }
    func isAlongFirstAxis(_ x: Shape) -> Bool { x.rank == application.result.rank && x[0] == application.result[0] }
    /// Whether each matrix of the batch's first axis is multiplied by the same matrices of `x`.
    func isSharedByRows(_ x: Shape) -> Bool {
      x.rank < application.result.rank || x.rank > 2 && x[0] == 1 || x.rank == 2
    }
    switch (application.hasRows[0], application.hasRows[1]) {
    case (true, false): return isAlongFirstAxis(a) && (a.rank > 2 || !transposeA) && isSharedByRows(b)
    case (false, true): return isAlongFirstAxis(b) && b.rank > 2 && isSharedByRows(a)
    case (true, true): return isAlongFirstAxis(a) && isAlongFirstAxis(b) && a.rank > 2
    case (false, false): return false
    }
  }
}

extension Matmul: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    let (a, b) = (operands.values[0], operands.values[1])
    guard !operands.hasLanes[1], b.shape.rank == 2, !transposeA else {
      return operands.graph.apply(self, to: operands.aligned(rank: operands.shape.rank))
    }
    // One matrix for all lanes: a single tall product.
    let inner = a.shape[a.shape.rank - 1]
    let tall = operands.graph.apply(self, to: [a.reshaped([a.shape.elementCount / inner, inner]), b])
    return tall.reshaped(Shape([operands.count] + operands.shape.dimensions))
  }
}

extension Node {
  /// The matrix product of the last two axes; leading axes broadcast, and a vector is a row on the left and a column
  /// on the right, as in NumPy.
  ///
  /// - Complexity: 2·m·n·k operations for `[m, k]` by `[k, n]`.
  public func matmul(_ right: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    let (a, b) = (shape, right.shape)
    func product(_ x: Node, _ y: Node) -> Node { graph.apply(Matmul(), to: [x, y], fileID: fileID, line: line) }
    if a.rank == 1 && b.rank >= 1 {
      let row = reshaped([1, a[0]], fileID: fileID, line: line).matmul(right, fileID: fileID, line: line)
      let result = row.shape.dimensions
      let squeezed = b.rank == 1 ? [] : Array(result.dropLast(2)) + result.suffix(1)
      return row.reshaped(Shape(squeezed), fileID: fileID, line: line)
    }
    if b.rank == 1 && a.rank >= 2 {
      let column = product(self, right.reshaped([b[0], 1], fileID: fileID, line: line))
      return column.reshaped(Shape(Array(column.shape.dimensions.dropLast())), fileID: fileID, line: line)
    }
    if a.rank > 2 && b.rank == 2 && a[a.rank - 1] == b[0] {
      // One matrix for the whole batch: a single tall product, whose gradient is a single product too.
      let rows = a.dimensions.dropLast().reduce(1, *)
      let tall = product(reshaped([rows, b[0]], fileID: fileID, line: line), right)
      return tall.reshaped(Shape(a.dimensions.dropLast() + [b[1]]), fileID: fileID, line: line)
    }
    return product(self, right)
  }
}
