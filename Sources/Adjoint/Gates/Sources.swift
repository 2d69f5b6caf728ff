/// Input: y is what the session was fed. A leaf: the gradient stops here and is what the user asks for.
struct Input: SourceGate {
  static let name = "input"
}

/// Parameter: y is the session's stored value. A leaf, like ``Input``, that training changes.
struct Parameter: SourceGate {
  static let name = "parameter"
}

/// Constant: y is fixed when the graph is built. Nothing flows back into it.
struct Constant: SourceGate {
  static let name = "constant"
}

/// A gate without inputs.
protocol SourceGate: Gate {}

extension SourceGate {
  var kernel: Kernel { Kernel(.source) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    throw ShapeError("\(Self.name) has no operands to apply it to: make one with Graph.\(Self.name)")
  }
  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    preconditionFailure("The value of a source is given, not computed")
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [] }
}
