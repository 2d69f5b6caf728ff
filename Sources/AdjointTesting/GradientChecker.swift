internal import DependencyScheduling
public import Adjoint

/// Compares a program's gradients with central finite differences, element by element.
///
/// ```swift
/// let verdicts = try GradientChecker().check(loss, withRespectTo: [w], at: [x: batch, w: weights])
/// for verdict in verdicts where !verdict.isCorrect { print(verdict) }
/// // gradient of W[2, 3] is 0.51, finite differences (step 1e-05) give 0.48: 5.9 % apart, at most 0.0001 % expected
/// ```
/// With step h the differences themselves are off by about h²·f''' and ε·f/h: build the graph in float64, where the
/// defaults leave ten digits. A graph in float32 needs `step: 1e-2, tolerance: 1e-2`. A value within a step of a kink
/// (relu at 0, a tie of a maximum) has no derivative to compare with: choose other values.
///
/// - Complexity: two forward runs for each element of the variables.
public struct GradientChecker: Sendable {
  /// Each element x is moved by `step` · max(1, |x|).
  public var step: Double
  /// The largest relative error of a correct gradient.
  public var tolerance: Double
  /// Gradients smaller than this are compared as if they were this large.
  public var floor: Double

  public init(step: Double = 1e-5, tolerance: Double = 1e-6, floor: Double = 1e-2) {
    demand(step > 0 && tolerance > 0 && floor > 0, "Step, tolerance and floor are above zero")
    self.step = step
    self.tolerance = tolerance
    self.floor = floor
  }

  /// One verdict for each of `variables`, the worst element's.
  ///
  /// An output that is not a scalar is weighted with a fixed upstream gradient of distinct numbers between 1/2 and 3/2.
  ///
  /// `values` holds all inputs that `output` reads, and parameters that do not keep their first values.
  ///
  /// - Throws: ``/Adjoint/GraphError`` if a variable has no gradient, and what the runs throw.
  public func check(
    _ output: Node, withRespectTo variables: [Node], at values: [Node: ReferenceTensor]
  ) throws -> [GradientVerdict] {
    let program = try Program(output, gradientsFor: variables)
    let session = try fed(program, values)
    let weights = upstream(of: output)
    try session.writeUpstream(weights, of: output)
    try session.step()
    let gradients = try variables.map { try session.referenceGradient(of: $0).values }
    return try zip(variables, gradients).map { variable, gradient in
      let numeric = try differences(of: output, weights, session, moving: variable)
      return verdict(on: variable, analytic: gradient, numeric)
    }
  }

  /// A verdict on a variable that no gradient is expected to reach: correct if the output does not change with it.
  public func checkConstancy(
    of output: Node, in variable: Node, at values: [Node: ReferenceTensor]
  ) throws -> GradientVerdict {
    let session = try fed(Program(output, alsoComputing: [variable]), values)
    let numeric = try differences(of: output, upstream(of: output), session, moving: variable)
    return verdict(on: variable, analytic: nil, numeric)
  }

  private func fed(_ program: Program, _ values: [Node: ReferenceTensor]) throws -> Session {
    let session = program.makeSession()
    for (node, value) in values {
      do { try session.write(value, to: node) } catch SessionError.notInProgram {}  // not read by this output
    }
    return session
  }

  private func upstream(of output: Node) -> ReferenceTensor {
    let count = output.shape.elementCount
    let weights = count == 1 ? [1] : (0..<count).map { 0.5 + Double($0 * 7 % count) / Double(count) }
    return ReferenceTensor(output.shape, output.elementType, weights)
  }

  private func differences(
    of output: Node, _ weights: ReferenceTensor, _ session: Session, moving variable: Node
  ) throws -> [(slope: Double, step: Double)] {
    let start = try session.referenceValue(of: variable)
    defer { try? session.write(start, to: variable) }
    func weighted() throws -> Double {
      try session.forward()
      return zip(try session.referenceValue(of: output).values, weights.values).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return try start.values.indices.map { element in
      let step = step * max(1, start.values[element].magnitude)
      func moved(_ distance: Double) throws -> Double {
        var elements = start.values
        elements[element] += distance
        try session.write(ReferenceTensor(start.shape, start.elementType, elements), to: variable)
        return try weighted()
      }
      return ((try moved(step) - moved(-step)) / (2 * step), step)
    }
  }

  private func verdict(
    on variable: Node, analytic: [Double]?, _ numeric: [(slope: Double, step: Double)]
  ) -> GradientVerdict {
    func error(_ element: Int) -> Double {
      let (a, b) = (analytic?[element] ?? 0, numeric[element].slope)
      let error = (a - b).magnitude / max(a.magnitude, b.magnitude, floor)
      return error.isNaN ? .infinity : error
    }
    let worst = numeric.indices.max { error($0) < error($1) }
    var rest = worst ?? 0
    let index = variable.shape.strides.map { stride in
      defer { rest %= stride }
      return rest / stride
    }
    return GradientVerdict(
      variable: variable.name, shape: variable.shape, index: index, analytic: worst.flatMap { analytic?[$0] },
      numeric: worst.map { numeric[$0].slope } ?? 0, relativeError: worst.map(error) ?? 0,
      step: worst.map { numeric[$0].step } ?? step, tolerance: tolerance)
  }
}
