/// Scan part: y is the elements of a packed x from `start` on, under a shape and of a type of their own.   x̄ is ȳ in
/// its place and 0 elsewhere.
///
/// What takes one result out of a ``Scan``; a compiled program writes it where it belongs at once.
struct ScanPart: LinearGate, SampledGate {
  static let name = "scanPart"
  let start: Int
  let result: Shape
  /// The type of its elements, which the packed ones have room for; `nil` if it is theirs.
  var type: ElementType?

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    let end = (Extent(start) + Extent(result.elementCount)).value
    guard inputs[0].rank == 1, start >= 0, end <= inputs[0].elementCount else {
      throw ShapeError("\(start)..<\(end) are not elements of a packed value of \(inputs[0])")
    }
    return result
  }

  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    if let type { return type }
    let packed = try sharedType(inputs)
    try packed.checkArithmetic(in: Self.name)
    return packed
  }

  var kernel: Kernel { Kernel(.scanPart(start: start)) }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let elements = inputs[0].values[start..<start + shape.elementCount]
    return ReferenceTensor(shape, type ?? inputs[0].elementType, Array(elements))
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let flat = upstream.flat(as: node.inputs[0].elementType)
    return [flat.graph.apply(Pad(starts: [start], result: node.inputs[0].shape), to: [flat])]
  }

  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { piece(of: $0) ?? $0.graph.apply(self, to: [$0]) }
  }

  static let samples = [
    GateSample(ScanPart(start: 2, result: [2, 3]), .uniform([10])),
    GateSample(ScanPart(start: 4, result: []), .uniform([5])),
  ]
}

extension Node {
  /// All elements in one row, as they are packed among those of other results: a type that has each of them.
  func flat(as type: ElementType) -> Node { reshaped([shape.elementCount]).cast(to: type) }

  /// What elements packed by ``flat(as:)`` were, under the shape and of the type of `part`.
  func unpacked(as part: ScanPart) -> Node {
    guard let type = part.type, type != elementType else { return reshaped(part.result) }
    let gate = graph.withState { $0.storage.gate(of: id) }
    let own = gate is Cast && inputs[0].elementType == type ? inputs[0] : cast(to: type)
    return own.reshaped(part.result)
  }
}
