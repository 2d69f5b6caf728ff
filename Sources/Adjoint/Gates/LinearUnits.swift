// Rectifiers and their smooth relatives, written in gates that the compiler fuses into one pass each way. At a kink the
// two slopes share the gradient evenly, as everywhere in this package. A NaN gives a NaN.

/// Leaky rectifier: x where x > 0, else `slope` · x, elementwise. At 0 the gradient is (1 + `slope`) / 2 of the
/// upstream one. A slope that is infinite or NaN is an error when compiling.
///
/// Maas, Hannun, Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
public func leakyRelu(
  _ x: Node, slope: Double = 0.01, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let x = Term(x, fileID, line)
  if slope == 0 { return x.applying(Relu()).node }  // 0 · ∞ is no number
  // Of max(x, slope · x) the two tie, and share the gradient, where both are infinite or round to one number.
  return (x.applying(Relu()) + x.applying(Minimum(), x.literal(0)) * slope)
    .refused(unless: slope.isFinite, "the slope of a leaky rectifier is a finite number, got \(slope)").node
}

/// Exponential linear unit: x where x > 0, else `scale` · (eˣ − 1), elementwise. At 0 the gradient is (1 + `scale`) /
/// 2 of the upstream one.
///
/// Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network learning by exponential linear units", 2016.
public func elu(_ x: Node, scale: Double = 1, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  exponentialLinear(Term(x, fileID, line), scale: scale).node
}

/// Scaled exponential linear unit: 1.0507 times the ``elu(_:scale:fileID:line:)`` of scale 1.6733, which keeps mean 0
/// and variance 1 from layer to layer.
///
/// Klambauer, Unterthiner, Mayr, Hochreiter, "Self-normalizing neural networks", 2017.
public func selu(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  let unit = exponentialLinear(Term(x, fileID, line), scale: 1.6732632423543772848170429916717)
  return (unit * 1.0507009873554804934193349852946).node
}

/// The exponential is of min(x, 0), so that the side not taken does not overflow.
private func exponentialLinear(_ x: Term, scale: Double) -> Term {
  let negative = x.applying(Minimum(), x.literal(0)).applying(ExponentialMinusOne())
  return x.applying(Relu()) + negative * scale
}

/// Sigmoid linear unit, or swish: x · σ(x), elementwise, and −0 at −∞, as in the limit.
///
/// Elfwing, Uchibe, Doya, "Sigmoid-weighted linear units for neural network function approximation", 2018.
public func silu(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  let x = Term(x, fileID, line)
  return (x.bounded(below: -1000) * x.applying(Sigmoid())).node
}

/// How the distribution function Φ of a ``gelu(_:approximation:fileID:line:)`` is computed.
public enum GELUApproximation: Hashable, Sendable, CaseIterable {
  /// Not at all: Φ(x) = erfc(−x / √2) / 2.
  case none
  /// (1 + tanh(√(2 / π) · (x + 0.044715 x³))) / 2, off by less than 2 · 10⁻⁴, as many published networks have it.
  case tanh
}

/// Gaussian error linear unit: x · Φ(x) = x · (1 + erf(x / √2)) / 2, elementwise, or with an approximation of Φ; −0 at
/// −∞, as in the limit.
///
/// Both are right to a few units in the last place far below 0 too, where 1 + erf(x / √2) is 0, as long as Φ is a
/// normal number.
///
/// Hendrycks, Gimpel, "Gaussian error linear units (GELUs)", 2016.
public func gelu(
  _ x: Node, approximation: GELUApproximation = .none, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let x = Term(x, fileID, line)
  switch approximation {
  case .none:
    return (x.bounded(below: -40) * x.applying(NormalDistribution())).node
  case .tanh:
    return (x.bounded(below: -40) * x.applying(TanhNormalDistribution())).node
  }
}

extension Term {
  /// max(x, `bound`): x, but for numbers so low that what they are multiplied by is 0 in both float types, and −∞ · 0
  /// no number.
  fileprivate func bounded(below bound: Double) -> Term { applying(Maximum(), literal(bound)) }
}

/// Hard sigmoid: `slope` · x + `offset` cut off at 0 and 1, elementwise. At both kinks the gradient is half of the
/// slope.
///
/// The defaults are PyTorch's; ONNX has a slope of 0.2.
public func hardSigmoid(
  _ x: Node, slope: Double = 1.0 / 6, offset: Double = 0.5, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let x = Term(x, fileID, line)
  return (x * slope + offset).applying(Maximum(), x.literal(0)).applying(Minimum(), x.literal(1)).node
}
