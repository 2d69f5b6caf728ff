internal import Kernels

/// Absolute value: y = |x|.   x̄ = ȳ · sign x: at the tie x = 0 the two slopes ±1 share evenly, which gives 0.
public struct Absolute: ElementwiseGate {
  public static let name = "abs"
  public static let symbol = "|x|"
  public init() {}
  public func value(_ x: [Double]) -> Double { x[0].magnitude }
  public var kernel: Kernel { Kernel(.elementwise(.absolute)) }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, sign(node.inputs[0]))]
  }
  public static let samples = [GateSample(Absolute(), .distinct([2, 3]))]
}

/// Sign: y = −1, 0 or 1.   Constant almost everywhere: no gradient.
public struct Sign: ElementwiseGate {
  public static let name = "sign"
  public init() {}
  public func value(_ x: [Double]) -> Double { x[0] > 0 ? 1 : x[0] < 0 ? -1 : x[0] }
  public var kernel: Kernel { Kernel(.elementwise(.sign)) }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  public static let samples = [GateSample(Sign(), .distinct([2, 3]))]
}

/// |x|, elementwise. At 0 the gradient is 0.
public func abs(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Absolute(), x, at: x.graph.pack(fileID, line))
}

/// −1, 0 or 1 as x is negative, zero or positive; no gradient flows through it.
public func sign(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Sign(), x, at: x.graph.pack(fileID, line))
}
