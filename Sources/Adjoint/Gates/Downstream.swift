internal import Kernels

/// Downstream gradient: y = ū · s, upstream times local, and 0 where ū = 0, whatever s is.
///
/// Where no gradient flows none comes out, even if the slope is infinite or NaN there: 0 · ∞ would be a NaN (the strong
/// zero of Enzyme; the NaN-safe mode of ForwardDiff).   Of ū: w · s, never masked, so that second derivatives where ū
/// is 0, at minima, stay what they are.   Of s: w · ū, and 0 where either is 0.
struct Downstream: ElementwiseGate, SampledGate {
  static let name = "downstream"
  static let symbol = "×"
  func value(_ x: ElementOperands) -> Double { x[0] == 0 ? signedZero(x[0], x[1]) : x[0] * x[1] }
  var kernel: Kernel { Kernel(.elementwise(.downstream)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [
      node.needsGradient(0) ? downstream(upstream, node.inputs[1]) : nil,
      node.needsGradient(1) ? mutualProduct(upstream, node.inputs[0]) : nil,
    ]
  }

  static let samples = [
    GateSample(Downstream(), .uniform([2, 3]), .uniform([2, 3])),
    GateSample(Downstream(), .uniform([2, 3]), .uniform([3])),
    GateSample(Downstream(), .values([4], [0, 1, -0.5, 0]), .uniform([4])),
  ]
}

/// Mutual product: y = a · b, and 0 where either is 0, whatever the other is.   ā = ȳ · b,  b̄ = ȳ · a, likewise.
struct MutualProduct: ElementwiseGate, SampledGate {
  static let name = "mutual product"
  static let symbol = "×"
  func value(_ x: ElementOperands) -> Double { x[0] == 0 || x[1] == 0 ? signedZero(x[0], x[1]) : x[0] * x[1] }
  var kernel: Kernel { Kernel(.elementwise(.mutualProduct)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [
      node.needsGradient(0) ? mutualProduct(upstream, node.inputs[1]) : nil,
      node.needsGradient(1) ? mutualProduct(upstream, node.inputs[0]) : nil,
    ]
  }

  static let samples = [
    GateSample(MutualProduct(), .uniform([2, 3]), .uniform([2, 3])),
    GateSample(MutualProduct(), .values([4], [0, 1, -0.5, 0]), .values([4], [1, 0, 2, 0])),
  ]
}

/// Downstream gradient of a divisor: y = ū / b, and 0 where ū = 0, whatever b is.   Of ū: w / b;  of b: −w · y / b.
struct DownstreamQuotient: ElementwiseGate, SampledGate {
  static let name = "downstream quotient"
  static let symbol = "/"
  func value(_ x: ElementOperands) -> Double { x[0] == 0 ? signedZero(x[0], x[1]) : x[0] / x[1] }
  var kernel: Kernel { Kernel(.elementwise(.downstreamQuotient)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let divisor = node.inputs[1]
    return [
      node.needsGradient(0) ? quotient(upstream, divisor) : nil,
      node.needsGradient(1) ? -quotient(mutualProduct(upstream, node.output), divisor) : nil,
    ]
  }

  static let samples = [
    GateSample(DownstreamQuotient(), .uniform([2, 3]), .uniform([2, 3], in: 0.5...2)),
    GateSample(DownstreamQuotient(), .values([4], [0, 1, -0.5, 0]), .uniform([4], in: -2...(-0.5))),
  ]
}

/// A zero with the sign of a product of `a` and `b`, so that strong products have the bits of plain ones wherever those
/// are numbers; +0 next to a NaN.
private func signedZero(_ a: Double, _ b: Double) -> Double { a.sign == b.sign || a.isNaN || b.isNaN ? 0 : -0.0 }

/// downstream = upstream · local, elementwise, as the rules of gates multiply: 0 where `upstream` is 0, whatever
/// `local` is.
///
/// Where no gradient flows, none comes out: at 0 the slope of √x is infinite, and 0 · ∞ would be a NaN. Use it in the
/// pullback of your own gate where the local gradient can be infinite or NaN at numbers that the gate may meet:
///
/// ```swift
/// func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
///   [downstream(upstream, 1.5 * sqrt(node.inputs[0]))]   // y = x^1.5, NaN below 0
/// }
/// ```
/// In forward mode, where a tangent comes in place of the upstream gradient, it is 0 where either is 0: then x √x has
/// the derivative 0 at 0 by way of the tangent ∞ of √x too, as in reverse mode by way of the gradient x.
///
/// Its own derivative with respect to `upstream` is `local`, also where `upstream` is 0: second derivatives at a
/// minimum, where gradients are 0, are what they should be.
public func downstream(
  _ upstream: Node, _ local: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = upstream.graph
  let location = graph.pack(fileID, line)
  if graph.withState({ $0.context.isForwardMode }) {
    return graph.apply(MutualProduct(), upstream, local, at: location)
  }
  return graph.apply(Downstream(), upstream, local, at: location)
}

/// a · b, and 0 where either is 0: what ``downstream(_:_:fileID:line:)`` passes on to its local gradient, and how a
/// slope is multiplied that vanishes far away, such as the sigmoid's. There even an infinite upstream gradient gives
/// 0: it comes from a factor, as in x · σ(x), that grows more slowly than the slope falls.
func mutualProduct(_ a: Node, _ b: Node) -> Node { a.graph.apply(MutualProduct(), to: [a, b]) }

/// upstream / divisor, and 0 where `upstream` is 0.
func quotient(_ upstream: Node, _ divisor: Node) -> Node {
  upstream.graph.apply(DownstreamQuotient(), to: [upstream, divisor])
}

extension DownstreamQuotient: StatedAccuracy {
  /// As a quotient's: of w · y / b the product comes first, since 1 / b overflows where b is small.
  static func accuracyBound(at x: [Double], order: Int) -> AccuracyBound { .ofQuotient(x, order) }
}
