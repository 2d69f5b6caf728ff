/// Argmax: y is where along the axis the greatest element of x stands, an int32: the first of equal ones, and the first
/// NaN if there is one.   A step: no gradient.
package struct Argmax: AxisGate, SampledGate {
  package static let name = "argmax"
  /// Counted from the front, in a graph.
  package let axis: Int
  package init(axis: Int) { self.axis = axis }

  package var axes: [Int] { [axis] }
  package func along(_ axes: [Int]) -> Self { Self(axis: axes[0]) }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    let front = try inputs[0].normalized(axis: axis)
    guard inputs[0][front] <= Self.longest else {
      throw ShapeError("a place along axis \(axis) of shape \(inputs[0]) is no int32")
    }
    return inputs[0].reduced(over: [front], keepingAxes: false)
  }
  /// The longest axis whose places int32 can number.
  private static let longest = 1 << 31  // Decisions/Limits.md

  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    for type in inputs { try type.checkArithmetic(in: Self.name) }
    return .int32
  }
  package var kernel: Kernel { .structured(.exact) { ArgmaxCall(axis: axis, $0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let x = inputs[0]
    return ReferenceTensor(shape, .int32) { index in
      let lane = (0..<x.shape[axis]).map { x[Array(index[..<axis]) + [$0] + index[axis...]] }
      let greatest = lane.max() ?? 0
      return Double(lane.firstIndex { $0.isNaN } ?? lane.firstIndex(of: greatest) ?? 0)
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }

  package static let samples = [
    GateSample(Argmax(axis: 0), .distinct([5])), GateSample(Argmax(axis: 1), .distinct([3, 4])),
    GateSample(Argmax(axis: 1), .distinct([2, 3, 4])), GateSample(Argmax(axis: 0), .values([4], [1, 3, 3, 2])),
    GateSample(Argmax(axis: 0), .values([3, 2], [1, 3, .nan, 4, .infinity, .nan])),
  ]
}

extension Node {
  /// Where along `axis` the greatest element stands, as int32 without that axis: the first of equal ones, and the first
  /// NaN if there is one. A negative axis counts from the end. No gradient flows through it.
  public func argmax(axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    graph.apply(Argmax(axis: axis), to: [self], fileID: fileID, line: line)
  }

  /// Where along `axis` the smallest element stands, as int32 without that axis: the first of equal ones, and the first
  /// NaN if there is one. A negative axis counts from the end. No gradient flows through it.
  public func argmin(axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    Term(self, fileID, line).applying(Negate()).applying(Argmax(axis: axis)).node
  }
}
