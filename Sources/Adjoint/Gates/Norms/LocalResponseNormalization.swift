internal import Kernels

/// Sum over neighbouring channels: y[n, c, …] = Σ x[n, c + j, …] over |j| ≤ radius, as far as there are channels.
/// x̄ is the same sum of ȳ, for c + j sees c where c sees c + j.
package struct ChannelWindowSum: LinearGate, SampledGate {
  package static let name = "channelWindowSum"
  package let radius: Int
  package init(radius: Int) { self.radius = radius }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 1)
    guard inputs[0].rank >= 2 else {
      throw ShapeError("channels are the second axis, and a value of shape \(inputs[0]) has none")
    }
    guard radius >= 0 else { throw ShapeError("a radius of \(radius) holds no channel") }
    return inputs[0]
  }

  package var kernel: Kernel { .structured(.sums) { ChannelWindowSumCall(radius: radius, $0) } }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let last = shape[1] - 1
    return ReferenceTensor(shape, inputs[0].elementType) { index in
      let channels = max(index[1] - min(radius, last), 0)...min(index[1] + min(radius, last), last)
      return channels.reduce(0) { sum, channel in
        var neighbour = index
        neighbour[1] = channel
        return sum + inputs[0][neighbour]
      }
    }
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(self, to: [upstream])]
  }

  package static let samples = [
    GateSample(Self(radius: 1), .uniform([2, 4, 2, 3])), GateSample(Self(radius: 2), .uniform([1, 3, 2])),
    GateSample(Self(radius: 0), .uniform([2, 2])),
  ]
}

extension ChannelWindowSum: RowwiseGate {
  /// Channels are of one image.
  package func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
}

/// Local response normalisation: x / (bias + alpha · Σ x²)^beta, the sum over the `2 · radius + 1` channels around each
/// (A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet Classification with Deep Convolutional Neural Networks, 2012, §3.3,
/// whose constants are the defaults). Some frameworks divide their `alpha` by the number of channels in the window: pass
/// `alpha / (2 · radius + 1)` to get theirs.
///
/// x is `[batch, channels, …]`; `bias` is above 0, so that the divisor is, and `alpha` not below 0: another is an error
/// when compiling.
public func localResponseNormalization(
  _ x: Node, radius: Int = 2, bias: Double = 2, alpha: Double = 1e-4, beta: Double = 0.75,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = x.graph
  let location = graph.pack(fileID, line)
  func number(_ value: Double) -> Node { x.literal(value, at: location) }
  let squares = graph.apply(Square(), x, at: location)
  let energy = graph.apply(ChannelWindowSum(radius: radius), squares, at: location)
  let weighted = graph.apply(Multiply(), energy, number(alpha), at: location)
  let divisor = graph.apply(Add(), weighted, number(bias), at: location)
  // t^-β as e^(-β · log t), which is vectorised; t is above 0.
  let exponent = graph.apply(Multiply(), graph.apply(Logarithm(), divisor, at: location), number(-beta), at: location)
  let y = graph.apply(Multiply(), x, graph.apply(Exponential(), exponent, at: location), at: location)
  let isAllowed = bias > 0 && alpha >= 0 && [bias, alpha, beta].allSatisfy(\.isFinite)
  return Term(y, fileID, line).refused(
    unless: isAllowed,
    "a divisor has a finite bias above 0, alpha of at least 0 and power beta, got \(bias), \(alpha) and \(beta)"
  ).node
}
