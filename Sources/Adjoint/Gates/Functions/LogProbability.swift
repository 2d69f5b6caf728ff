internal import Kernels

/// The logarithm of the probability of one entry k of each row: y = x[k] − log Σⱼ e^xⱼ; or minus that, the loss.
///
/// x̄ = v − p · Σ v with p the softmax of x and v a row that is ȳ at k and 0 elsewhere, or minus that.
///
/// A log-sum-exp minus an entry of what it is of is this gate: written as a difference of two rounded numbers it is 0
/// where p is next to 1, and so is its slope.
struct LogProbability: Gate, SampledGate {
  static let name = "logProbability"
  let entry: Int
  let isLoss: Bool
  /// A shape of one element a row.
  let result: Shape

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    guard let columns = inputs[0].dimensions.last, (0..<columns).contains(entry),
      Extent(result.elementCount) * Extent(columns) == Extent(inputs[0].elementCount)
    else { throw ShapeError("a value of shape \(inputs[0]) has no entry \(entry) for each element of \(result)") }
    return result
  }
  var kernel: Kernel {
    .structured(.exponentials) { RowCall(isLoss ? .entryLoss : .entryLogProbability, entry: entry, $0) }
  }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let entries = inputs[0].rows.map { LogSoftmax().row($0)[entry] }
    return ReferenceTensor(shape, inputs[0].elementType, isLoss ? entries.map { -$0 } : entries)
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let x = node.inputs[0], place = place(in: x.shape)
    let row = x.graph.apply(Pad(starts: place.starts, result: x.shape), to: [upstream.reshaped(Shape(place.extents))])
    return [signed(softmax(x).applying(LogSoftmaxGradient(), to: row))]
  }

  /// ẏ = ẋ[k] − Σⱼ ẋⱼ pⱼ.
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let x = node.inputs[0], place = place(in: x.shape)
    return tangents[0].map { tangent in
      let centred = softmax(x).applying(Centred(), to: tangent)
      let entry = x.graph.apply(Slice(starts: place.starts, extents: place.extents), to: [centred])
      return signed(entry.reshaped(result))
    }
  }

  private func signed(_ node: Node) -> Node { isLoss ? -node : node }

  private func place(in shape: Shape) -> (starts: [Int], extents: [Int]) {
    ([Int](repeating: 0, count: shape.rank - 1) + [entry], Array(shape.dimensions.dropLast()) + [1])
  }

  static let samples = [
    GateSample(LogProbability(entry: 1, isLoss: false, result: [2]), .uniform([2, 4])),
    GateSample(LogProbability(entry: 0, isLoss: true, result: []), .values([2], [4, -1])),
  ]
}

extension LogProbability: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    let gate = LogProbability(entry: entry, isLoss: isLoss, result: Shape([operands.count] + result.dimensions))
    return operands.graph.apply(gate, to: operands.values)
  }
}
