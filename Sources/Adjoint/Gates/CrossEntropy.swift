/// Cross-entropy of logits and integer labels, row by row: y = log Σⱼ e^xⱼ − x[label].   x̄ = ȳ · (softmax(x) − one-hot).
public struct CrossEntropy: Gate {
  public static let name = "crossEntropy"
  public init() {}

  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    guard inputs[0].rank >= 1, Array(inputs[0].dimensions.dropLast()) == inputs[1].dimensions else {
      throw ShapeError("logits of shape \(inputs[0]) need one label a row, got labels of shape \(inputs[1])")
    }
    return inputs[1]
  }
  public func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try rowIndexed(inputs) }
  public var kernel: Kernel { Kernel(.crossEntropy) }

  public func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let (logits, labels) = (inputs[0], inputs[1])
    let classes = logits.shape[logits.shape.rank - 1]
    return ReferenceTensor(
      shape, logits.elementType,
      try labels.values.enumerated().map { position, label in
        let row = Array(logits.values[position * classes..<(position + 1) * classes])
        return -LogSoftmax().row(row)[try checkedRow(label, below: classes)]
      })
  }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let perRow = upstream.reshaped(Shape(upstream.shape.dimensions + [1]))
    return [perRow * local(node), nil]
  }

  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { ($0 * local(node)).sum(axes: [-1]) }
  }

  /// softmax(x) − one-hot, row by row.
  private func local(_ node: GateApplication) -> Node {
    let (logits, labels) = (node.inputs[0], node.inputs[1])
    let target = OneHot(classes: logits.shape[logits.shape.rank - 1], elementType: logits.elementType)
    return softmax(logits) - logits.graph.apply(target, to: [labels])
  }

  public static let samples = [
    GateSample(CrossEntropy(), .uniform([3, 4]), .integers([3], below: 4)),
    GateSample(CrossEntropy(), .uniform([2, 2, 3]), .integers([2, 2], below: 3)),
  ]
}

/// One-hot: y[…, c] = 1 where the label is c, else 0.   Labels are integers: no gradient.
public struct OneHot: Gate {
  public static let name = "oneHot"
  public let classes: Int, result: ElementType

  public init(classes: Int, elementType: ElementType = .float32) {
    self.classes = classes
    result = elementType
  }

  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    return Shape(inputs[0].dimensions + [classes])
  }
  public func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    guard inputs.first == .int32 else { throw ShapeError("labels are int32, got \(inputs.map(\.description))") }
    return result
  }
  public var kernel: Kernel { Kernel(.oneHot) }
  public func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    let labels = try inputs[0].values.map { try checkedRow($0, below: classes) }
    return ReferenceTensor(shape, result, labels.flatMap { label in (0..<classes).map { $0 == label ? 1 : 0 } })
  }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  public static let samples = [GateSample(OneHot(classes: 4), .integers([3], below: 4))]
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
/// A label outside `0..<classes` is an error of the run that names this node.
public func crossEntropy(
  logits: Node, labels: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  logits.graph.apply(CrossEntropy(), to: [logits, labels], fileID: fileID, line: line).mean(fileID: fileID, line: line)
}

/// The mean of (prediction − target)² over all elements.
public func meanSquaredError(
  _ prediction: Node, _ target: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let location = prediction.graph.pack(fileID, line)
  let difference = prediction.graph.apply(Subtract(), prediction, target, at: location)
  return square(difference, fileID: fileID, line: line).mean(fileID: fileID, line: line)
}
