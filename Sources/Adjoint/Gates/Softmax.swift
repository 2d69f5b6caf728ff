/// Softmax over the last axis: yᵢ = e^xᵢ / Σⱼ e^xⱼ.   x̄ = y · (ȳ − Σⱼ ȳⱼ yⱼ): a product with the Jacobian
/// diag(y) − y yᵀ that is never formed.
public struct Softmax: RowGate {
  public static let name = "softmax"
  public init() {}
  public var kernel: Kernel { Kernel(.softmax) }

  public func row(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let exponentials = x.map { Libm.exp($0 - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let inner = (upstream * node.output).sum(axes: [-1], keepsAxes: true)
    return [node.output * (upstream - inner)]
  }

  /// The Jacobian is its own transpose.
  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].flatMap { pullback($0, node)[0] }
  }

  public static let samples = [GateSample(Softmax(), .uniform([2, 4])), GateSample(Softmax(), .uniform([5]))]
}

/// Log-softmax over the last axis: yᵢ = xᵢ − log Σⱼ e^xⱼ.   x̄ = ȳ − e^y · Σⱼ ȳⱼ.
public struct LogSoftmax: RowGate {
  public static let name = "logSoftmax"
  public init() {}
  public var kernel: Kernel { Kernel(.logSoftmax) }

  public func row(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let logSum = largest + Libm.log(x.map { Libm.exp($0 - largest) }.reduce(0, +))
    return x.map { $0 - logSum }
  }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream - exp(node.output) * upstream.sum(axes: [-1], keepsAxes: true)]
  }

  /// ẏ = ẋ − Σⱼ ẋⱼ e^yⱼ.
  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { $0 - ($0 * exp(node.output)).sum(axes: [-1], keepsAxes: true) }
  }

  public static let samples = [GateSample(LogSoftmax(), .uniform([2, 4])), GateSample(LogSoftmax(), .uniform([5]))]
}

/// A gate that maps each row (along the last axis) by itself.
public protocol RowGate: Gate {
  func row(_ x: [Double]) -> [Double]
}

extension RowGate {
  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    guard inputs[0].rank >= 1 else { throw ShapeError("\(Self.name) runs over the last axis, and a scalar has none") }
    return inputs[0]
  }

  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let width = shape[shape.rank - 1]
    let rows = stride(from: 0, to: shape.elementCount, by: width).map { Array(inputs[0].values[$0..<$0 + width]) }
    return ReferenceTensor(shape, inputs[0].elementType, rows.flatMap(row))
  }
}

/// e^x, normalised to sum 1 along the last axis; shifted by the row's maximum, so it does not overflow.
public func softmax(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Softmax(), to: [x], fileID: fileID, line: line)
}

/// The logarithm of the softmax along the last axis, without forming the softmax.
public func logSoftmax(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(LogSoftmax(), to: [x], fileID: fileID, line: line)
}
