/// The order in which the elements below a diagonal are listed.
public enum TriangleOrder: Hashable, Sendable {
  /// Row by row: those of row 1, of row 2 …, as NumPy's `tril_indices` has them.
  case rows
  /// Column by column: those of column 0, of column 1 …, as LAPACK packs them.
  case columns
}

/// Lower triangular matrices `[…, d, d]` from their diagonals `[…, d]` and the d(d − 1)/2 elements below each, listed in
/// `order`; above they are 0. The gradient of an element is that of its place; those above the diagonal go nowhere.
///
/// ```swift
/// let factors = lowerTriangular(diagonal: exp(q), below: l)   // [k, d] and [k, d(d − 1)/2] to [k, d, d]
/// let covariances = factors.matmul(factors.transposed([0, 2, 1]))
/// ```
/// A Cholesky factor, say: with a positive diagonal every choice of the elements is one, and each positive definite
/// matrix has exactly one. An upper triangular matrix, row by row, is the transpose of a lower one column by column.
///
/// Vectors that do not go together are an error of the program that names both, with their shapes, and the line of the
/// call: `below` has the leading axes and the element type of `diagonal`. So is a d of 1, which has nothing below its
/// diagonal, and one of more than 16,384.
///
/// - Complexity: O(d²) a matrix. Bits are the same at every width: elements are moved, none is computed.
public func lowerTriangular(
  diagonal: Node, below: Node, order: TriangleOrder = .rows, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = diagonal.graph
  graph.check(below)
  let (first, second) = (Term(diagonal, fileID, line), Term(below, fileID, line))
  if let reason = misfit(diagonal, below) {
    return first.applying(Reshape(diagonal.shape)).refused(reason, operands: [diagonal, below]).node
  }
  let leading = Array(diagonal.shape.dimensions.dropLast()), d = diagonal.shape.dimensions.last!
  // The rows of a table: the elements below, those of the diagonal, and 0.
  let matrices = Shape(leading).elementCount
  let zero = first.beside(graph.constant(0, [1, matrices], diagonal.elementType, fileID: fileID, line: line))
  let table = second.listed(matrices).applying(Concatenate(axis: 0), first.listed(matrices), zero)
  let places = first.beside(graph.constant(order.rows(d), [d, d], fileID: fileID, line: line))
  let elements = table.applying(GatherRows(), places)
  let result = matrices == 1 ? elements : elements.applying(Transpose([2, 0, 1]))
  return result.reshaped(Shape(leading + [d, d])).node
}

/// The most rows of a triangle: the places of its elements, a table that the graph holds, then take 1 GiB.
private let mostRows = 1 << 14  // Decisions/Limits.md

/// Why two nodes are not the diagonal of triangles and what lies below it, if they are not.
private func misfit(_ diagonal: Node, _ below: Node) -> String? {
  let leading = diagonal.shape.dimensions.dropLast(), d = diagonal.shape.dimensions.last ?? 0
  if d < 2 { return "a diagonal of shape \(diagonal.shape) has nothing below it: a triangle has two rows or more" }
  if d > mostRows { return "a triangle has at most \(mostRows) rows, got a diagonal of shape \(diagonal.shape)" }
  let needed = Shape(leading + [d * (d - 1) / 2])
  if below.shape != needed {
    return "a diagonal of shape \(diagonal.shape) goes with elements below it of shape \(needed), not \(below.shape)"
  }
  let (type, other) = (diagonal.elementType, below.elementType)
  if type != other { return "the operands' element types differ: \(type) and \(other)" }
  return type.isDifferentiable ? nil : "a triangular matrix has no kernel for \(type)"
}

extension TriangleOrder {
  /// For each place of a d × d matrix, row by row, its row in a table of the elements below the diagonal, then those on
  /// it, then 0.
  fileprivate func rows(_ d: Int) -> [Int32] {
    let below = d * (d - 1) / 2
    var rows = [Int32](repeating: Int32(below + d), count: d * d)
    for row in 0..<d {
      for column in 0..<row {
        let earlier = self == .rows ? row * (row - 1) / 2 : column * (2 * d - column - 1) / 2
        rows[row * d + column] = Int32(earlier + (self == .rows ? column : row - column - 1))
      }
      rows[row * d + row] = Int32(below + row)
    }
    return rows
  }
}

extension Term {
  /// The vectors along the last axis as the columns of a matrix, so many of them.
  fileprivate func listed(_ count: Int) -> Term {
    let length = node.shape.elementCount / count
    if count == 1 { return reshaped([length, 1]) }
    return reshaped([count, length]).applying(Transpose([1, 0]))
  }
}
