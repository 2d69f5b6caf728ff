/// Scan: s₀ = the initial state; (sₜ₊₁, yₜ) = body(sₜ, xₜ, w) for each t in order; y is the state after the last step and
/// then every wanted value of the body in all steps, then the sums of others over all steps, one after the other.
///
/// Pullback: another scan, in the opposite order, whose body is the gradient of this body, and which reads what this one
/// keeps of each step; see ``ReverseScan``. Pushforward: another one in the same order, see ``ForwardScan``.
///
/// A compiled program has other gates in its place, see ``SplitScans``: a graph has the one scan that was written.
///
/// It reads the parts of the initial state, then the sequences, whose first axis is time, then the weights. What people call
/// is ``Graph/scan(over:from:steps:reversed:fileID:line:_:)``.
struct Scan: Gate {
  static let name = "scan"
  let body: ScanBody
  /// The nodes of the body whose values in all steps are results.
  let stacked: [NodeID]
  /// The nodes of the body whose sums over all steps are results.
  let sums: [NodeID]
  /// Whether it runs as it is, step by step: ``SplitScans`` has left it, and it has no sums.
  let isLoop: Bool

  init(body: ScanBody, stacked: [NodeID], sums: [NodeID]) {
    (self.body, self.stacked, self.sums, isLoop) = (body, stacked, sums, false)
  }

  init(loop body: ScanBody, stacked: [NodeID]) {
    (self.body, self.stacked, sums, isLoop) = (body, stacked, [], true)
  }

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    let operands = body.operands
    try checkCount(inputs, operands.count)
    for (position, (input, operand)) in zip(inputs, operands).enumerated() where input != operand.shape {
      throw ShapeError("operand \(position) of this scan has shape \(operand.shape), got \(input)")
    }
    return packedShape
  }

  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    for (position, (input, operand)) in zip(inputs, body.operands).enumerated() where input != operand.elementType {
      throw ShapeError(
        "operand \(position) of this scan holds \(operand.elementType), got \(input)", casting: position,
        to: operand.elementType)
    }
    return packedType
  }

  /// The nodes of the body that results are of.
  var results: [NodeID] { body.state + stacked + sums }

  /// What the results are: the parts of the state, then the stacked values, then the sums.
  var resultSignatures: [Signature] {
    body.state.map(body.signature) + stacked.map(body.stackSignature) + sums.map(body.signature)
  }

  /// A type with arithmetic that has each element of each result: what they are packed as.
  var packedType: ElementType {
    let types = Set(results.map { body.signature(of: $0).elementType })
    return types.count == 1 ? types.first!.computed : .float64
  }

  /// Where each result lies among the packed elements.
  var parts: [ScanPart] {
    var start: Extent = 0
    let packed = packedType
    return resultSignatures.map { signature in
      defer { start = start + Extent(signature.shape.elementCount) }
      let type = signature.elementType == packed ? nil : signature.elementType
      return ScanPart(start: start.value, result: signature.shape, type: type)
    }
  }

  var kernel: Kernel { Kernel(.scan(self)) }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    var state = Array(inputs.prefix(body.state.count))
    let sequences = inputs.dropFirst(body.state.count).prefix(body.elements.count)
    let weights = inputs.suffix(body.invariants.count)
    var stacks = stacked.map { _ in [[Double]](repeating: [], count: body.stepCount) }
    var totals = sums.map { [Double](repeating: 0, count: body.signature(of: $0).shape.elementCount) }
    for step in 0..<body.stepCount {
      let time = body.isReversed ? body.stepCount - 1 - step : step
      let elements = zip(sequences, body.elements).map { $0.element(time, body.signature(of: $1).shape) }
      let values = try body.values(state + elements + weights)
      state = body.next.map { values[$0.int]! }
      for (number, node) in stacked.enumerated() { stacks[number][time] = values[node.int]!.values }
      for (number, node) in sums.enumerated() {
        totals[number] = zip(totals[number], values[node.int]!.values).map { $0 + $1 }
      }
    }
    let packed = state.flatMap(\.values) + stacks.flatMap { $0.flatMap { $0 } } + totals.flatMap { $0 }
    return ReferenceTensor(shape, packedType, packed)
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    ReverseScan(self, upstream, node)?.gradients ?? body.operands.map { _ in nil }
  }

  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    ForwardScan(self, tangents, node).tangent
  }

}

extension ScanBody {
  /// The value of every node of the body in one step, by the gates' definitions.
  fileprivate func values(_ given: [ReferenceTensor]) throws -> [ReferenceTensor?] {
    let storage = graph.storage
    var values = [ReferenceTensor?](repeating: nil, count: storage.count)
    for (source, value) in zip(sources, given) { values[source.int] = value }
    for index in 0..<storage.count where values[index] == nil {
      let node = NodeID(index)
      let signature = storage.signature(of: node)
      if let constant = storage.constants[node] {
        let elements = constant.doubles(count: signature.shape.elementCount)
        values[index] = ReferenceTensor(signature.shape, signature.elementType, elements)
      } else {
        let operands = storage.inputs(of: node).map { values[$0.int]! }
        values[index] = try storage.gate(of: node).definition(operands, shape: signature.shape)
      }
    }
    return values
  }
}

extension ReferenceTensor {
  /// Element `time` of a sequence.
  fileprivate func element(_ time: Int, _ shape: Shape) -> ReferenceTensor {
    let count = shape.elementCount
    return ReferenceTensor(shape, elementType, Array(values[time * count..<(time + 1) * count]))
  }
}
