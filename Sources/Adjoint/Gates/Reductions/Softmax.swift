internal import Kernels

/// Softmax over the last axis: pᵢ = e^xᵢ / Σⱼ e^xⱼ.   x̄ = p · (p̄ − Σⱼ p̄ⱼ pⱼ): a product with the Jacobian
/// diag(p) − p pᵀ that is never formed.
///
/// A row of −∞, and a row with a NaN, is NaN; an element of +∞ is NaN and all others of its row are 0. Where no
/// gradient comes in, none goes out, whatever the row is.
package struct Softmax: RowGate, SampledGate {
  package static let name = "softmax"
  package init() {}
  package var kernel: Kernel { .structured(.exponentials) { RowCall(.softmax, $0) } }

  package func row(_ x: [Double]) -> [Double] {
    let row = LogitRow(x)
    return row.powers.map { $0 / (1 + row.others) }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [node.output.applying(SoftmaxGradient(), to: upstream)]
  }

  /// The Jacobian is its own transpose.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { node.output.applying(SoftmaxGradient(), to: $0) }
  }

  package static let samples = [
    GateSample(Softmax(), .uniform([2, 4])), GateSample(Softmax(), .uniform([5])),
    GateSample(Softmax(), .values([2, 3], [3, -1, 0.5, -2, 1, 1])),
  ]
}

/// Log-softmax over the last axis: yᵢ = xᵢ − log Σⱼ e^xⱼ.   x̄ = ȳ − p · Σⱼ ȳⱼ with p the softmax of x; p is not e^y,
/// since a rounded y has lost digits of it.
package struct LogSoftmax: RowGate, SampledGate {
  package static let name = "logSoftmax"
  package init() {}
  package var kernel: Kernel { .structured(.exponentials) { RowCall(.logSoftmax, $0) } }

  package func row(_ x: [Double]) -> [Double] {
    let row = LogitRow(x)
    return x.map { ($0 - row.greatest) - Libm.log1p(row.others) }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [softmax(node.inputs[0]).applying(LogSoftmaxGradient(), to: upstream)]
  }

  /// ẏ = ẋ − Σⱼ ẋⱼ pⱼ.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { softmax(node.inputs[0]).applying(Centred(), to: $0) }
  }

  package static let samples = [
    GateSample(LogSoftmax(), .uniform([2, 4])), GateSample(LogSoftmax(), .uniform([5])),
    GateSample(LogSoftmax(), .values([2, 3], [3, -1, 0.5, -2, 1, 1])),
  ]
}

/// A gate that maps each row (along the last axis) by itself.
package protocol RowGate: Gate {
  func row(_ x: [Double]) -> [Double]
}

extension RowGate {
  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    guard inputs[0].rank >= 1 else { throw ShapeError("\(Self.name) runs over the last axis, and a scalar has none") }
    return inputs[0]
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, inputs[0].elementType, inputs[0].rows.flatMap(row))
  }
}

extension Softmax: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.values) }
}

extension LogSoftmax: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.values) }
}

extension ReferenceTensor {
  /// The elements along the last axis, row by row.
  var rows: [[Double]] {
    let width = shape[shape.rank - 1]
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }
}

/// A row of logits, its greatest element m kept apart: log Σ e^x = m + log(1 + others), where a sum that had the 1 in
/// it would have lost the others' digits.
struct LogitRow {
  let greatest: Double
  /// e^(x − m) of each element.
  let powers: [Double]
  /// Σ e^(x − m) over all elements but the first that is m; 0 where m is ∞.
  let others: Double

  init(_ x: [Double]) {
    let greatest = x.first(where: \.isNaN) ?? x.max() ?? -.infinity
    let powers = x.map { Libm.exp($0 - greatest) }
    let first = x.firstIndex(of: greatest)
    (self.greatest, self.powers) = (greatest, powers)
    others =
      switch greatest {
      case .infinity: 0
      case -.infinity: .nan
      default: powers.indices.reduce(greatest.isNaN ? .nan : 0) { $1 == first ? $0 : $0 + powers[$1] }
      }
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
