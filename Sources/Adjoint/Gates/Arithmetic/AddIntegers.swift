internal import Kernels

/// Integer sum: y = a + b of int32, wrapping around.   Integers have no gradient.
package struct AddIntegers: Gate, SampledGate {
  package static let name = "addIntegers"
  package init() {}

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    return try .broadcast(inputs[0], inputs[1])
  }
  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    if let other = inputs.firstIndex(where: { $0 != .int32 }) {
      throw ShapeError("integers are added, got \(inputs[other])", casting: other, to: .int32)
    }
    return .int32
  }
  package var kernel: Kernel { Kernel(.elementwise(.add)) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let (a, b) = (inputs[0].broadcast(to: shape).values, inputs[1].broadcast(to: shape).values)
    return ReferenceTensor(shape, .int32, zip(a, b).map { Double(Int32(rounding: $0) &+ Int32(rounding: $1)) })
  }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil, nil] }

  package static let samples = [
    GateSample(AddIntegers(), .integers([], below: 10), .integers([], below: 10)),
    GateSample(AddIntegers(), .integers([2, 3], below: 10), .integers([3], below: 10)),
  ]
}

extension Node {
  /// This int32 value plus `distance`, wrapping around: what a counter of steps is next.
  public func advanced(by distance: Int32, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    let addend = graph.constant([distance], [], fileID: fileID, line: line)
    return graph.apply(AddIntegers(), to: [self, addend], fileID: fileID, line: line)
  }
}

extension ParameterUpdate {
  /// Whether it moves a counter on: an int32 of one element that becomes itself plus a constant.
  package var isCounter: Bool {
    let storage = parameter.graph.snapshot().storage
    let inputs = storage.inputs(of: value.id)
    return parameter.elementType == .int32 && parameter.shape.elementCount == 1
      && storage.gate(of: value.id) is AddIntegers && inputs.first == parameter.id
      && inputs.dropFirst().allSatisfy { storage.brief(of: $0).source == .constant }
  }
}
