internal import Kernels

/// Cross-entropy of logits and integer labels, row by row: y = log Σⱼ e^xⱼ − x[label].   x̄ = ȳ · (softmax(x) −
/// one-hot).
package struct CrossEntropy: Gate, SampledGate {
  package static let name = "crossEntropy"
  package init() {}

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    try checkLabels(inputs[1], of: inputs[0])
    return inputs[1]
  }
  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    try rowIndexed(inputs, in: Self.name)
  }
  package var kernel: Kernel { .structured(.exponentials) { RowCall(.crossEntropy, $0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let rows = inputs[0].rows
    return ReferenceTensor(
      shape, inputs[0].elementType,
      try zip(rows, inputs[1].values).map { row, label in
        -LogSoftmax().row(row)[try checkedRow(label, below: row.count)]
      })
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(CrossEntropyGradient(), to: [upstream, node.inputs[0], node.inputs[1]]), nil]
  }

  /// ẏ = Σⱼ pⱼ ẋⱼ − ẋ[label].
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { -softmax(node.inputs[0]).applying(Centred(), to: $0).entry(at: node.inputs[1]) }
  }

  package static let samples = [
    GateSample(CrossEntropy(), .uniform([3, 4]), .integers([3], below: 4)),
    GateSample(CrossEntropy(), .uniform([2, 2, 3]), .integers([2, 2], below: 3)),
  ]
}

/// What cross-entropy passes back: y = u · (p − one-hot) with p the softmax of the logits x, and 0 where u = 0.
///
/// p − 1 at a label that is the largest logit is taken from the other logits, so it is right where p has rounded to 1.
///
/// x̄ = p · (v − Σ p v) with v = u · ȳ;  ū = Σⱼ pⱼ ȳⱼ − ȳ[label].
struct CrossEntropyGradient: Gate, SampledGate {
  static let name = "cross-entropy gradient"

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 3)
    try checkLabels(inputs[2], of: inputs[1])
    guard inputs[0] == inputs[2] else {
      throw ShapeError("gradients of shape \(inputs[0]) do not go with labels of shape \(inputs[2])")
    }
    return inputs[1]
  }
  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    let reason = "a gradient, logits of its type and labels are needed, got \(inputs.map(\.description))"
    guard inputs.count == 3 else { throw ShapeError(reason) }
    guard inputs[2] == .int32 else { throw ShapeError(reason, casting: 2, to: .int32) }
    return try arithmeticType(Array(inputs.prefix(2)))
  }
  var kernel: Kernel { .structured(.exponentials) { RowCall(.crossEntropyGradient, $0) } }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    var result: [Double] = []
    for ((upstream, label), x) in zip(zip(inputs[0].values, inputs[2].values), inputs[1].rows) {
      let row = LogitRow(x), label = try checkedRow(label, below: x.count)
      var slopes = row.powers.map { $0 / (1 + row.others) }
      slopes[label] = x[label] - row.greatest == 0 ? -(row.others / (1 + row.others)) : slopes[label] - 1
      result += slopes.map { upstream != 0 ? upstream * $0 : 0 }
    }
    return ReferenceTensor(shape, inputs[1].elementType, result)
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (given, logits, labels) = (node.inputs[0], node.inputs[1], node.inputs[2])
    let p = softmax(logits)
    return [
      node.needsGradient(0) ? -p.applying(Centred(), to: upstream).entry(at: labels) : nil,
      node.needsGradient(1) ? p.applying(SoftmaxGradient(), to: mutualProduct(upstream, given.asColumn)) : nil, nil,
    ]
  }

  static let samples = [
    GateSample(CrossEntropyGradient(), .uniform([3]), .uniform([3, 4]), .integers([3], below: 4)),
    GateSample(CrossEntropyGradient(), .values([2], [0, 2]), .uniform([2, 3]), .integers([2], below: 3)),
  ]
}

private func checkLabels(_ labels: Shape, of logits: Shape) throws(ShapeError) {
  guard logits.rank >= 1, Array(logits.dimensions.dropLast()) == labels.dimensions else {
    throw ShapeError("logits of shape \(logits) need one label a row, got labels of shape \(labels)")
  }
}

extension Node {
  /// Of each row, along the last axis, the element that its label names.
  fileprivate func entry(at labels: Node) -> Node {
    let oneHot = OneHot(classes: shape[shape.rank - 1], elementType: elementType)
    return select(graph.apply(oneHot, to: [labels]), self, literal(0)).sum(axes: [-1])
  }

  /// With one more axis of extent 1 behind all others, as one element stands beside its row.
  var asColumn: Node { reshaped(Shape(shape.dimensions + [1])) }
}

/// One-hot: y[…, c] = 1 where the label is c, else 0.   Labels are integers: no gradient.
package struct OneHot: Gate, SampledGate {
  package static let name = "oneHot"
  package let classes: Int, result: ElementType

  package init(classes: Int, elementType: ElementType = .float32) {
    self.classes = classes
    result = elementType
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    return Shape(inputs[0].dimensions + [classes])
  }
  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    guard inputs.first == .int32 else {
      throw ShapeError("labels are int32, got \(inputs.map(\.description))", casting: 0, to: .int32)
    }
    return result
  }
  package var kernel: Kernel { .structured(.exact) { OneHotCall($0) } }
  package func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let labels = try inputs[0].values.map { try checkedRow($0, below: classes) }
    return ReferenceTensor(shape, result, labels.flatMap { label in (0..<classes).map { $0 == label ? 1 : 0 } })
  }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  package static let samples = [GateSample(OneHot(classes: 4), .integers([3], below: 4))]
}

extension OneHot: RowwiseGate {
  /// A label gives its own row.
  package func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
}

/// A row of `classes` elements for each int32 label: 1 at the label, else 0.
///
/// A label outside `0..<classes` is an error of the run that names this node.
public func oneHot(
  _ labels: Node, classes: Int, _ type: ElementType = .float32, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  labels.graph.apply(OneHot(classes: classes, elementType: type), to: [labels], fileID: fileID, line: line)
}

/// The mean cross-entropy of `logits` `[…, classes]` and int32 `labels` `[…]`: the usual classification loss.
///
/// It is −log p of each row's label, p being the softmax of the logits, and stays accurate where p is next to 1: of
/// logits `[17, 0]` and label 0 it is 4.1 · 10⁻⁸, and so are its gradients, first and second. Where a label's
/// probability may be less than 1, see ``crossEntropy(logits:probabilities:fileID:line:)``.
///
/// A label outside `0..<classes` is an error of the run that names this node.
public func crossEntropy(
  logits: Node, labels: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  logits.graph.apply(CrossEntropy(), to: [logits, labels], fileID: fileID, line: line).mean(fileID: fileID, line: line)
}

/// The mean of (prediction − target)² over all elements. It is infinite only if the mean is, whatever the squares are.
public func meanSquaredError(
  _ prediction: Node, _ target: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let difference = Term(prediction, fileID, line).applying(Subtract(), Term(target, fileID, line))
  return difference.applying(MeanSquare(axes: difference.node.allAxes)).node
}

extension CrossEntropy: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.repeated) }
}

extension CrossEntropyGradient: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node { operands.graph.apply(self, to: operands.repeated) }
}
