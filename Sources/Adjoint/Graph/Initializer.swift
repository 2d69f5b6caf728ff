internal import DependencyScheduling

/// How a parameter's first values are made: seeded, so that the same program starts from the same bits everywhere.
///
/// ```swift
/// let first = graph.parameter("first", [64, 64], .glorotUniform())
/// let second = graph.parameter("second", [64, 64], .glorotUniform())    // begins at other values
/// let again = graph.parameter("again", [64, 64], .glorotUniform(seed: 1))
/// ```
/// What is drawn is a function of the seed, the shape, and the parameter's name with its scopes: parameters of one
/// rule, shape and seed differ from one another, wherever in the program they are made. One number as the seed of all
/// gives another start of the whole network.
public struct Initializer: Hashable, Sendable {
  enum Rule: Hashable, Sendable {
    case constant(Double)
    case uniform(ClosedRange<Double>, seed: UInt64)
    case normal(mean: Double, deviation: Double, seed: UInt64)
    case heNormal(seed: UInt64), heUniform(seed: UInt64)
    case glorotNormal(seed: UInt64)
    case glorotUniform(seed: UInt64)
    case values(TensorValues)
  }
  let rule: Rule
  /// Where the axes of inputs and outputs are.
  private enum Layout {
    case matrix, kernels, transposedKernels
  }
  private var layout = Layout.matrix
  /// A number of the name of the parameter that this is the initializer of; `nil` until it is one's.
  private var stream: UInt64?

  private init(rule: Rule) { self.rule = rule }

  public static let zeros = constant(0)
  public static let ones = constant(1)
  public static func constant(_ value: Double) -> Initializer { .init(rule: .constant(value)) }

  /// Uniform in `range`.
  public static func uniform(_ range: ClosedRange<Double>, seed: UInt64 = 0) -> Initializer {
    .init(rule: .uniform(range, seed: seed))
  }
  /// Normal with this mean and standard deviation.
  public static func normal(mean: Double = 0, deviation: Double = 1, seed: UInt64 = 0) -> Initializer {
    .init(rule: .normal(mean: mean, deviation: deviation, seed: seed))
  }
  /// Normal with variance 2 / fan-in: keeps the variance of activations under relu (He et al. 2015).
  /// The fan-in is the product of all extents but the last.
  public static func heNormal(seed: UInt64 = 0) -> Initializer { .init(rule: .heNormal(seed: seed)) }

  /// Uniform within ±√(6 / fan-in): the variance of ``heNormal(seed:)``.
  public static func heUniform(seed: UInt64 = 0) -> Initializer { .init(rule: .heUniform(seed: seed)) }

  /// Normal with variance 2 / (fan-in + fan-out): the variance of ``glorotUniform(seed:)``.
  public static func glorotNormal(seed: UInt64 = 0) -> Initializer { .init(rule: .glorotNormal(seed: seed)) }

  /// Uniform within ±√(6 / (fan-in + fan-out)) (Glorot, Bengio 2010).
  public static func glorotUniform(seed: UInt64 = 0) -> Initializer { .init(rule: .glorotUniform(seed: seed)) }

  /// These values, one an element in row-major order.
  public static func values<T: GraphScalar>(_ values: [T]) -> Initializer { .init(rule: .values(TensorValues(values))) }

  /// The same rule for the kernels of a convolution, `[filters, channels, height, width]`: the fan-in is channels ·
  /// height · width, what one output reads, and the fan-out filters · height · width.
  ///
  /// ```swift
  /// let kernels = graph.parameter("kernels", [64, 3, 11, 11], .heNormal(seed: 1).forKernels)   // variance 2 / 363
  /// ```
  /// Rules that know no fans stay what they are.
  public var forKernels: Initializer {
    with { $0.layout = .kernels }
  }

  /// The same rule for the kernels of a transposed convolution, `[channels, filters, height, width]`: the fan-in is
  /// channels · height · width, what one output reads at a stride of 1, and the fan-out filters · height · width.
  public var forTransposedKernels: Initializer {
    with { $0.layout = .transposedKernels }
  }

  /// The same rule for the parameter of this name, with its scopes, unless it is another's already.
  func drawing(for name: String) -> Initializer {
    if stream != nil { return self }
    var generator = SeededGenerator(seed: ExactName(name).fixedHash)
    return with { $0.stream = generator.next() }
  }

  private func with(_ change: (inout Initializer) -> Void) -> Initializer {
    var initializer = self
    change(&initializer)
    return initializer
  }

  /// Why no parameter of `type` begins at what this gives: a value that the type has not, a NaN, or an infinity, also
  /// one that a number becomes when it is rounded to the type; `nil` if nothing is wrong.
  ///
  /// - Complexity: O(1), O(elements) for given ones.
  func fault(as type: ElementType) -> String? {
    if let value = first(lackedBy: type) { return "\(value) is no \(type)" }
    guard type.isDifferentiable else { return nil }
    func fault(_ what: String, _ values: Double...) -> String? {
      values.first { !type.holdsFinite($0) }.map { "\(what) \($0), and a parameter begins at finite \(type) numbers" }
    }
    switch rule {
    case .constant(let value): return fault("the initial value is", value)
    case .values(let values):
      return values.first(notFiniteIn: type).flatMap { fault("initial value \($0.element) is", $0.value) }
    case .uniform(let range, _):
      if let wrong = fault("a bound of the initial values is", range.lowerBound, range.upperBound) { return wrong }
      let width = range.upperBound - range.lowerBound
      return width.isFinite ? nil : "the bounds of the initial values, \(range), are too far apart for a float64"
    case .normal(let mean, let deviation, _):
      return fault("the mean of the initial values is", mean)
        ?? fault("the deviation of the initial values is", deviation)
        ?? outermost(mean, deviation).lazy.compactMap { fault("an initial value may be", $0) }.first
    case .heNormal, .heUniform, .glorotNormal, .glorotUniform: return nil
    }
  }

  /// The first value that a parameter of `type` could get and that is out of its range, or given and no number of it.
  private func first(lackedBy type: ElementType) -> Double? {
    return switch rule {
    case .constant(let value): TensorValues.repeated(value).first(lackedBy: type)
    case .values(let values): values.first(lackedBy: type)
    case .uniform(let range, _): type.firstOutOfRange([range.lowerBound, range.upperBound])
    case .normal(let mean, let deviation, _): type.firstOutOfRange(outermost(mean, deviation))
    case .heNormal, .heUniform, .glorotNormal, .glorotUniform: nil
    }
  }

  /// The least and the greatest value that a normal initializer can give.
  private func outermost(_ mean: Double, _ deviation: Double) -> [Double] {
    [mean - 6 * deviation, mean + 6 * deviation]
  }

  /// How many elements an output reads, and how many outputs read an input, as far as a shape tells.
  private func fans(_ shape: Shape) -> (in: Double, out: Double) {
    guard layout != .matrix, shape.rank >= 2 else {
      return (Double(shape.dimensions.dropLast().reduce(1, *)), Double(shape.dimensions.last ?? 1))
    }
    let window = shape.dimensions[2...].reduce(1, *)
    let (first, second) = (Double(shape[0] * window), Double(shape[1] * window))
    return layout == .kernels ? (in: second, out: first) : (in: first, out: second)
  }

  /// What the elements of a parameter of `shape` are.
  private enum Elements {
    case given(TensorValues)
    case drawn(Draws)
  }

  private func elements(of shape: Shape) -> Elements {
    let (fanIn, fanOut) = fans(shape)
    func normal(_ mean: Double, _ deviation: Double, _ seed: UInt64) -> Elements {
      .drawn(Draws(.normal(mean: mean, deviation: deviation), seed: seed &+ (stream ?? 0)))
    }
    func uniform(_ range: ClosedRange<Double>, _ seed: UInt64) -> Elements {
      let distribution = Draws.Distribution.uniform(from: range.lowerBound, width: range.upperBound - range.lowerBound)
      return .drawn(Draws(distribution, seed: seed &+ (stream ?? 0)))
    }
    switch rule {
    case .constant(let value): return .given(.repeated(value))
    case .values(let values): return .given(values)
    case .uniform(let range, let seed): return uniform(range, seed)
    case .normal(let mean, let deviation, let seed): return normal(mean, deviation, seed)
    case .heNormal(let seed): return normal(0, (2 / fanIn).squareRoot(), seed)
    case .heUniform(let seed):
      let bound = (6 / fanIn).squareRoot()
      return uniform(-bound...bound, seed)
    case .glorotNormal(let seed): return normal(0, (2 / (fanIn + fanOut)).squareRoot(), seed)
    case .glorotUniform(let seed):
      let bound = (6 / (fanIn + fanOut)).squareRoot()
      return uniform(-bound...bound, seed)
    }
  }

  /// The elements of a parameter of `shape`.
  ///
  /// - Complexity: O(elements).
  package func elements(shape: Shape) -> TensorValues {
    switch elements(of: shape) {
    case .given(let values): return values
    case .drawn(var draws): return TensorValues((0..<shape.elementCount).map { _ in draws.next() })
    }
  }

  /// Writes the elements of a parameter of `shape`, as `type`, into memory for as many. Takes no memory besides.
  ///
  /// - Complexity: O(elements).
  package func write(to target: UnsafeMutableRawPointer, shape: Shape, as type: ElementType) {
    switch elements(of: shape) {
    case .given(let values): values.write(to: target, count: shape.elementCount, as: type)
    case .drawn(var draws): draws.write(to: target, count: shape.elementCount, as: type)
    }
  }
}

/// Random numbers of one distribution, one after the other.
private struct Draws {
  enum Distribution {
    case uniform(from: Double, width: Double)
    case normal(mean: Double, deviation: Double)
  }
  private let distribution: Distribution
  private var generator: SeededGenerator

  init(_ distribution: Distribution, seed: UInt64) {
    self.distribution = distribution
    generator = SeededGenerator(seed: seed)
  }

  /// How many are drawn at a time to be written.
  private static let block = 512  // Decisions/Memory.md

  mutating func next() -> Double {
    switch distribution {
    case .uniform(let start, let width): return start + width * generator.unit()
    case .normal(let mean, let deviation):
      // A sum of twelve uniforms less six has mean 0 and variance 1 and, unlike Box and Muller's logarithm and cosine,
      // the same bits with every mathematics library; its tails end at ±6 deviations.
      var sum = -6.0
      for _ in 0..<12 { sum += generator.unit() }
      return mean + deviation * sum
    }
  }

  /// Writes `count` numbers as elements of `type`.
  mutating func write(to target: UnsafeMutableRawPointer, count: Int, as type: ElementType) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: min(count, Self.block)) { numbers in
      for start in stride(from: 0, to: count, by: Self.block) {
        let drawn = UnsafeMutableBufferPointer(rebasing: numbers[..<min(Self.block, count - start)])
        for index in drawn.indices { drawn.initializeElement(at: index, to: next()) }
        type.write(UnsafeBufferPointer(drawn), to: target + start * type.byteCount)
      }
    }
  }
}
