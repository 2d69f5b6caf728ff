internal import Kernels

// The products that all derivatives of softmax and its relatives consist of, to any order: with C = 1 − 1 qᵀ, with its
// transpose, and with the Jacobian J = diag(q) C, where q = p / Σp are the weights of a row.
//
// Each is right where one weight has rounded to 1: 1 − q is then the sum of the other weights, and values are compared
// with the value at that weight. A row of v that is 0 gives 0, whatever p is.

/// J v, what softmax passes back: y = q · (v − Σ q v).   v̄ = J ȳ;  p̄ = C (C v · C ȳ) / Σp.
struct SoftmaxGradient: WeightedRowGate, SampledGate {
  static let name = "softmax gradient"
  var kernel: Kernel { .structured(.exponentials) { RowCall(.softmaxGradient, $0) } }

  func row(_ q: [Double], _ v: [Double]) -> [Double] { zip(q, centred(q, v)).map { $1 != 0 ? $0 * $1 : 0 } }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (p, v) = (node.inputs[0], node.inputs[1])
    func ofWeights() -> Node {
      let product = mutualProduct(p.applying(Centred(), to: v), p.applying(Centred(), to: upstream))
      return quotient(p.applying(Centred(), to: product), p.sum(axes: [-1], keepsAxes: true))
    }
    return [
      node.needsGradient(0) ? ofWeights() : nil,
      node.needsGradient(1) ? p.applying(SoftmaxGradient(), to: upstream) : nil,
    ]
  }

  static let samples = weightedSamples(SoftmaxGradient())
}

/// C v: y = v − Σ q v, the values less their mean.   v̄ = ȳ − q · Σ ȳ;  p̄ = −Σ ȳ · y / Σp.
struct Centred: WeightedRowGate, SampledGate {
  static let name = "centred"
  var kernel: Kernel { .structured(.exponentials) { RowCall(.centred, $0) } }

  func row(_ q: [Double], _ v: [Double]) -> [Double] { centred(q, v) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let p = node.inputs[0]
    func ofWeights() -> Node {
      let product = mutualProduct(upstream.sum(axes: [-1], keepsAxes: true), node.output)
      return -quotient(product, p.sum(axes: [-1], keepsAxes: true))
    }
    return [
      node.needsGradient(0) ? ofWeights() : nil,
      node.needsGradient(1) ? p.applying(LogSoftmaxGradient(), to: upstream) : nil,
    ]
  }

  static let samples = weightedSamples(Centred())
}

/// Cᵀ v: y = v − q · Σ v, what log-softmax passes back.   v̄ = ȳ − Σ q ȳ;  p̄ = −Σ v · (ȳ − Σ q ȳ) / Σp.
struct LogSoftmaxGradient: WeightedRowGate, SampledGate {
  static let name = "log-softmax gradient"
  var kernel: Kernel { .structured(.exponentials) { RowCall(.logSoftmaxGradient, $0) } }

  func row(_ q: [Double], _ v: [Double]) -> [Double] {
    let sum = v.reduce(0, +)
    guard let likely = q.firstIndex(where: { $0 > 0.5 }) else { return zip(q, v).map { sum != 0 ? $1 - $0 * sum : $1 } }
    func withoutLikely(_ x: [Double]) -> Double { x.indices.reduce(0) { $1 == likely ? $0 : $0 + x[$1] } }
    var result = zip(q, v).map { $1 - $0 * sum }
    result[likely] = v[likely] * withoutLikely(q) - q[likely] * withoutLikely(v)
    return result
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (p, v) = (node.inputs[0], node.inputs[1])
    let centred = p.applying(Centred(), to: upstream)
    func ofWeights() -> Node {
      let product = mutualProduct(centred, v.sum(axes: [-1], keepsAxes: true))
      return -quotient(product, p.sum(axes: [-1], keepsAxes: true))
    }
    return [node.needsGradient(0) ? ofWeights() : nil, node.needsGradient(1) ? centred : nil]
  }

  static let samples = weightedSamples(LogSoftmaxGradient())
}

/// A gate of weights p and values v, rows of the same shape, that reads p as q = p / Σp and is linear in v.
protocol WeightedRowGate: LaneGate {
  /// One row of the result.
  func row(_ q: [Double], _ v: [Double]) -> [Double]
}

extension WeightedRowGate {
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    guard inputs[0] == inputs[1], inputs[0].rank >= 1 else {
      throw ShapeError("weights of shape \(inputs[0]) do not go with values of shape \(inputs[1])")
    }
    return inputs[0]
  }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let rows = zip(inputs[0].rows, inputs[1].rows).flatMap { p, v in
      let total = p.reduce(0, +)
      return row(p.map { $0 / total }, v)
    }
    return ReferenceTensor(shape, inputs[0].elementType, rows)
  }

  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.repeated) }

  /// v − Σ q v, compared with the value at a weight above one half if there is one.
  fileprivate func centred(_ q: [Double], _ v: [Double]) -> [Double] {
    let shift = q.firstIndex { $0 > 0.5 }.map { v[$0] } ?? 0
    let distances = v.map { $0 - shift }
    let mean = zip(q, distances).reduce(0) { $0 + ($1.1 != 0 ? $1.0 * $1.1 : 0) }
    return distances.map { $0 - mean }
  }

  /// Rows of weights that sum to 1: of several alike, and of one that has nearly all.
  static func weightedSamples(_ gate: Self) -> [GateSample] {
    let weights = [0.1, 0.2, 0.3, 0.4, 0.05, 0.8, 0.125, 0.025]
    return [
      GateSample(gate, .values([2, 4], weights), .uniform([2, 4])),
      GateSample(gate, .values([3], [0.25, 0.5, 0.25]), .values([3], [1, 2, -1])),
    ]
  }
}

extension Node {
  /// A gate of these weights and of `values`, which broadcast to them.
  func applying(_ gate: some WeightedRowGate, to values: Node) -> Node {
    graph.apply(gate, to: [self, values.broadcast(to: shape)])
  }
}
