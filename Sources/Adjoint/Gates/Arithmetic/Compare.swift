internal import Kernels

/// Greater: y = 1 where a > b, else 0 (also where either is NaN).   A step: no gradient.
public struct Greater: ElementwiseGate {
  public static let name = "greater"
  public init() {}
  public func value(_ x: [Double]) -> Double { x[0] > x[1] ? 1 : 0 }
  public var kernel: Kernel { Kernel(.elementwise(.greater)) }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil, nil] }
  public static let samples = [GateSample(Greater(), .distinct([2, 3]), .values([1], [0.1]))]
}

/// Equal: y = 1 where a = b, else 0.   A step: no gradient.
public struct Equal: ElementwiseGate {
  public static let name = "equal"
  public init() {}
  public func value(_ x: [Double]) -> Double { x[0] == x[1] ? 1 : 0 }
  public var kernel: Kernel { Kernel(.elementwise(.equal)) }
  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil, nil] }
  public static let samples = [GateSample(Equal(), .distinct([2, 3]), .values([1], [0.1]))]
}

/// 1 where a > b, else 0: a condition for ``select(_:_:_:fileID:line:)``.
public func greater(_ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  a.graph.apply(Greater(), a, b, at: a.graph.pack(fileID, line))
}

/// 1 where a = b, else 0: a condition for ``select(_:_:_:fileID:line:)``.
public func equal(_ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  a.graph.apply(Equal(), a, b, at: a.graph.pack(fileID, line))
}
