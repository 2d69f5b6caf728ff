internal import Kernels

/// Sine: y = sin x.   x̄ = ȳ · cos x, and 0 where ȳ = 0.
public struct Sine: ElementwiseGate {
  public static let name = "sin"
  public init() {}
  public func value(_ x: [Double]) -> Double { Libm.sin(x[0]) }
  public var kernel: Kernel { Kernel(.elementwise(.sine)) }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, cos(node.inputs[0]))]
  }
  public static let samples = [GateSample(Sine(), .uniform([2, 3])), GateSample(Sine(), .uniform([]))]
}

/// Cosine: y = cos x.   x̄ = −ȳ · sin x, and 0 where ȳ = 0.
public struct Cosine: ElementwiseGate {
  public static let name = "cos"
  public init() {}
  public func value(_ x: [Double]) -> Double { Libm.cos(x[0]) }
  public var kernel: Kernel { Kernel(.elementwise(.cosine)) }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [-downstream(upstream, sin(node.inputs[0]))]
  }
  public static let samples = [GateSample(Cosine(), .uniform([2, 3])), GateSample(Cosine(), .uniform([]))]
}

/// sin x, elementwise, x in radians.
public func sin(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Sine(), x, at: x.graph.pack(fileID, line))
}

/// cos x, elementwise, x in radians.
public func cos(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Cosine(), x, at: x.graph.pack(fileID, line))
}
