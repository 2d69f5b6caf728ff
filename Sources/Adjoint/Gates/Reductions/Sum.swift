internal import Kernels

/// Sum over axes: y = Σ x.   Distributor: x̄ is ȳ repeated along the summed axes.
package struct Sum: ReductionGate, LinearGate, SampledGate {
  package static let name = "sum"
  package static let symbol = "Σ"
  package let axes: [Int], keepsAxes: Bool
  package init(axes: [Int], keepsAxes: Bool = false) {
    self.axes = axes
    self.keepsAxes = keepsAxes
  }
  package func along(_ axes: [Int]) -> Self { Self(axes: axes, keepsAxes: keepsAxes) }
  package var kernel: Kernel { Kernel(.reduce(.sum, axes: axes)) }
  package func reduction(_ elements: [Double]) -> Double { elements.reduce(-0.0, +) }  // a sum of -0 alone is -0
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let shape = node.inputs[0].shape
    return [restoringAxes(upstream, of: shape).broadcast(to: shape)]
  }
  package static let samples = reductionSamples { Sum(axes: $0, keepsAxes: $1) }
}

extension Sum: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(Sum(axes: axes.map { $0 + 1 }, keepsAxes: keepsAxes), to: operands.values)
  }
}

/// Mean over axes: y = Σ x / n, a number also where the sum is beyond the type.   x̄ is ȳ / n repeated along the averaged
/// axes.
package struct Mean: ReductionGate, LinearGate, SampledGate {
  package static let name = "mean"
  package let axes: [Int], keepsAxes: Bool
  package init(axes: [Int], keepsAxes: Bool = false) {
    self.axes = axes
    self.keepsAxes = keepsAxes
  }
  package func along(_ axes: [Int]) -> Self { Self(axes: axes, keepsAxes: keepsAxes) }
  package var kernel: Kernel { Kernel(.reduce(.mean, axes: axes)) }
  package func reduction(_ elements: [Double]) -> Double { elements.carefulMean }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let shape = node.inputs[0].shape
    let count = shape.elementCount / node.output.shape.elementCount
    return [restoringAxes(upstream / Double(count), of: shape).broadcast(to: shape)]
  }
  package static let samples = reductionSamples { Mean(axes: $0, keepsAxes: $1) }
}

extension Mean: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(Mean(axes: axes.map { $0 + 1 }, keepsAxes: keepsAxes), to: operands.values)
  }
}

/// A gate that folds whole axes into one element.
package protocol ReductionGate: AxisGate {
  /// Whether folded axes stay with extent 1.
  var keepsAxes: Bool { get }
  /// One element of the result from the elements it folds.
  func reduction(_ elements: [Double]) -> Double
}

extension ReductionGate {
  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    return inputs[0].reduced(over: try inputs[0].normalized(axes: axes), keepingAxes: keepsAxes)
  }

  /// Of a gate in a graph, whose axes are counted from the front.
  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let x = inputs[0]
    let kept = x.shape.reduced(over: axes, keepingAxes: true)
    var folded = [[Double]](repeating: [], count: kept.elementCount)
    for (index, value) in zip(x.shape.indices, x.values) {
      let target = zip(index.enumerated(), kept.strides).reduce(0) {
        $0 + (axes.contains($1.0.offset) ? 0 : $1.0.element * $1.1)
      }
      folded[target].append(value)
    }
    return ReferenceTensor(shape, x.elementType, folded.map(reduction))
  }

  /// `reduced`, a value of this gate's result shape, with the folded axes back at extent 1.
  func restoringAxes(_ reduced: Node, of shape: Shape) -> Node {
    reduced.reshaped(shape.reduced(over: axes, keepingAxes: true))
  }

  static func reductionSamples(_ gate: ([Int], Bool) -> Self) -> [GateSample] {
    [
      GateSample(gate([0, 1], false), .distinct([2, 3])), GateSample(gate([0], false), .distinct([4, 3])),
      GateSample(gate([1], true), .distinct([2, 3])), GateSample(gate([0, 2], false), .distinct([2, 3, 4])),
      GateSample(gate([1], false), .distinct([2, 3, 4])), GateSample(gate([], false), .distinct([2])),
    ]
  }
}

extension Node {
  /// The sum over `axes` (all, if `nil`); a negative axis counts from the end. Added pairwise, in an order that the
  /// shape alone fixes, as IEEE 754 adds: a part of the sum that overflows stays infinite.
  public func sum(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    graph.apply(Sum(axes: axes ?? allAxes, keepsAxes: keepsAxes), to: [self], fileID: fileID, line: line)
  }

  /// The mean over `axes` (all, if `nil`); a negative axis counts from the end. Where the sum overflows it is formed of
  /// smaller numbers: a mean of finite elements is finite.
  public func mean(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    graph.apply(Mean(axes: axes ?? allAxes, keepsAxes: keepsAxes), to: [self], fileID: fileID, line: line)
  }

  /// The numbers of all axes, counted from the front.
  var allAxes: [Int] { Array(0..<shape.rank) }
}
