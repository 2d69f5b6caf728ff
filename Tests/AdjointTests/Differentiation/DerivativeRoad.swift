import Adjoint
import AdjointTesting
import Testing

/// The roads that a derivative can take: they give one answer.
enum DerivativeRoad: String, CaseIterable, CustomTestStringConvertible {
  /// The gradient of a program's output, its gates in chains.
  case program
  /// The same without chains.
  case unfused
  /// The same, every element in a graph of scalars of its own.
  case scalars
  /// Gradients as nodes of a graph.
  case graph
  /// Forward mode, as often as the order says.
  case forward
  /// Forward mode last, over reverse mode.
  case forwardOverReverse
  /// The function is in the body of a scan.
  case scan

  var testDescription: String { rawValue }

  /// The derivative of `order` of a function of single elements, at each of `points`.
  func derivatives(
    order: Int = 1, at points: [Double], _ type: ElementType = .float64, of function: (Node) -> Node
  ) throws -> [Double] {
    if self == .scalars {
      return try points.flatMap {
        try derivatives(order: order, at: ReferenceTensor([], type, [$0]), of: function)
      }
    }
    return try derivatives(order: order, at: ReferenceTensor([points.count], type, points), of: function)
  }

  /// The derivative of `order` of the sum of a function's elements.
  func derivatives(order: Int = 1, at point: ReferenceTensor, of function: (Node) -> Node) throws -> [Double] {
    let graph = Graph()
    let x = graph.input("x", point.shape, point.elementType)
    var y = self == .scan ? scanned(x, function) : function(x)
    for step in 1...order {
      if step == order, self == .program || self == .unfused || self == .scalars {
        var options = Program.Options()
        options.fusesElementwise = self != .unfused
        let sum = y.sum()
        guard let session = try? Program(sum, gradientsFor: [x], options: options).makeSession() else {
          return [Double](repeating: 0, count: point.values.count)  // no path: the last derivative was constant
        }
        try session.write(point, to: x)
        try session.step()
        return try session.referenceGradient(of: x).values
      }
      y = try next(of: y, x, isLast: step == order)
    }
    let session = try Program(y).makeSession()
    do { try session.write(point, to: x) } catch SessionError.notInProgram {}
    try session.forward()
    return try session.referenceValue(of: y).values
  }

  private func next(of y: Node, _ x: Node, isLast: Bool) throws -> Node {
    let graph = x.graph
    let zero = graph.constant(0, x.shape, x.elementType)
    guard self == .forward || self == .forwardOverReverse && isLast else {
      return try graph.gradients(of: [y.sum()], withRespectTo: [x])[0] ?? zero
    }
    let ones = graph.constant(1, x.shape, x.elementType)
    return try graph.jacobianVectorProduct(of: [y], along: [ones], withRespectTo: [x])[0] ?? zero
  }

  /// The function in a scan of one step.
  private func scanned(_ x: Node, _ function: (Node) -> Node) -> Node {
    let sequence = x.reshaped(Shape([1] + x.shape.dimensions))
    let run = x.graph.scan(over: [sequence], from: []) { _, elements in (state: [], outputs: [function(elements[0])]) }
    return run.outputs[0].reshaped(Shape(Array(run.outputs[0].shape.dimensions.dropFirst())))
  }
}

extension ElementType {
  /// How far a computed derivative may be from the right one: 8 units in the last place and 4 of the smallest numbers.
  func tolerance(at value: Double) -> Double {
    switch self {
    case .float64: 8 * value.ulp + 4 * Double.leastNonzeroMagnitude
    default: 8 * Double(Float(value).ulp) + 4 * Double(Float.leastNonzeroMagnitude)
    }
  }

  func isClose(_ computed: Double, _ expected: Double) -> Bool {
    let expected = rounded(expected)
    if expected.isNaN || expected.isInfinite { return expected == computed || expected.isNaN && computed.isNaN }
    return abs(computed - expected) <= tolerance(at: expected)
  }
}
