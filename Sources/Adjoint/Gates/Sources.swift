/// Input: y is what the session was fed. A leaf: the gradient stops here and is what the user asks for.
public struct Input: SourceGate {
  public static let name = "input"
  init() {}
}

/// Parameter: y is the session's stored value. A leaf, like ``Input``, that training changes.
public struct Parameter: SourceGate {
  public static let name = "parameter"
  init() {}
}

/// Constant: y is fixed when the graph is built. Nothing flows back into it.
public struct Constant: SourceGate {
  public static let name = "constant"
  init() {}
}

/// A gate without inputs.
public protocol SourceGate: Gate {}

extension SourceGate {
  public var kernel: Kernel { Kernel(.source) }
  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    throw ShapeError("\(Self.name) has no operands to apply it to: make one with Graph.\(Self.name)")
  }
  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    preconditionFailure("The value of a source is given, not computed")
  }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [] }
  public static var samples: [GateSample] { [] }
}
