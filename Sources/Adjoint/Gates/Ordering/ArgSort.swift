/// Argsort: y is where along the last axis of x the elements stand that come first, second and so on in ascending
/// order, or in descending order, as int32.   A step: no gradient.
///
/// A NaN counts as the greatest; equal elements keep their order.
package struct ArgSort: Gate, SampledGate {
  package static let name = "argsort"
  package let isDescending: Bool
  package init(isDescending: Bool) { self.isDescending = isDescending }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    guard let extent = inputs[0].dimensions.last else { throw ShapeError("a scalar has no axis to sort along") }
    guard extent <= Self.longest else {
      throw ShapeError("a place along the last axis of shape \(inputs[0]) is no int32")
    }
    return inputs[0]
  }
  /// The longest axis whose places int32 can number.
  private static let longest = 1 << 31  // Decisions/Limits.md

  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    for type in inputs { try type.checkArithmetic(in: Self.name) }
    return .int32
  }
  package var kernel: Kernel { .structured(.exact) { ArgSortCall(isDescending: isDescending, $0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let places = inputs[0].rows.flatMap { row in
      let order = row.indices.sorted { a, b in
        let (x, y) = isDescending ? (row[b], row[a]) : (row[a], row[b])
        let isBefore = x < y || (!x.isNaN && y.isNaN), isAfter = y < x || (!y.isNaN && x.isNaN)
        return isBefore || (!isAfter && a < b)
      }
      return order.map(Double.init)
    }
    return ReferenceTensor(shape, .int32, places)
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }

  package static let samples = [
    GateSample(ArgSort(isDescending: false), .distinct([5])),
    GateSample(ArgSort(isDescending: true), .distinct([3, 4])),
    GateSample(ArgSort(isDescending: false), .values([2, 4], [1, 3, 3, -2, 0, -0.0, 0, -1])),
    GateSample(ArgSort(isDescending: true), .values([6], [1, 3, .nan, 3, -.infinity, .nan])),
  ]
}

extension ArgSort: RowwiseGate {
  /// Each row is sorted by itself.
  package func keepsRowsApart(_ application: RowApplication) -> Bool { application.operands[0].rank > 1 }
}
