import Adjoint
import Foundation

/// What the steps of a loop are made of: nodes of a graph, or numbers in a plain Swift loop.
protocol LoopValue {
  static func + (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func * (a: Double, b: Self) -> Self
  /// The hyperbolic tangent of each element.
  var squashed: Self { get }
  /// A row times a matrix.
  func times(_ matrix: Self) -> Self
  /// A matrix with its rows as columns.
  var turned: Self { get }
  /// Running sums along the row.
  var runningSums: Self { get }
  /// The mean of all elements.
  var average: Self { get }
  /// The state after a loop over `sequence`, whose first axis is time.
  static func repeated(over sequence: Self, from state: Self, _ body: (_ state: Self, _ element: Self) -> Self) -> Self
}

extension Node: LoopValue {
  var squashed: Node { tanh(self) }
  func times(_ matrix: Node) -> Node { matmul(matrix) }
  var turned: Node { transposed() }
  var runningSums: Node { cumulativeSum(axis: -1) }
  var average: Node { mean() }

  static func repeated(over sequence: Node, from state: Node, _ body: (Node, Node) -> Node) -> Node {
    sequence.graph.scan(over: [sequence], from: [state]) { (state: [body($0[0], $1[0])], outputs: []) }.state[0]
  }
}

/// Elements that move along a line: of each the first coefficients of its Taylor series in t, worked out by the rules
/// for products of series and for y′ = (1 − y²) x′. So the k-th derivative along the line is k! times coefficient k, by
/// arithmetic that has nothing in common with gradients of graphs.
struct SeriesTensor: LoopValue {
  typealias Series = SIMD4<Double>
  let shape: Shape
  var elements: [Series]

  init(_ shape: Shape, _ elements: [Series]) { (self.shape, self.elements) = (shape, elements) }

  /// `values` + t · `directions`.
  init(_ shape: Shape, _ values: [Double], along directions: [Double]) {
    self.init(shape, zip(values, directions).map { Series($0, $1, 0, 0) })
  }

  static func + (a: SeriesTensor, b: SeriesTensor) -> SeriesTensor { zipped(a, b) { $0 + $1 } }
  static func * (a: SeriesTensor, b: SeriesTensor) -> SeriesTensor { zipped(a, b, product) }
  static func * (a: Double, b: SeriesTensor) -> SeriesTensor { SeriesTensor(b.shape, b.elements.map { a * $0 }) }

  /// A scalar goes with any shape.
  private static func zipped(
    _ a: SeriesTensor, _ b: SeriesTensor, _ operation: (Series, Series) -> Series
  ) -> SeriesTensor {
    if a.elements.count == b.elements.count {
      return SeriesTensor(a.shape.rank > 0 ? a.shape : b.shape, zip(a.elements, b.elements).map(operation))
    }
    if a.elements.count == 1 { return SeriesTensor(b.shape, b.elements.map { operation(a.elements[0], $0) }) }
    precondition(b.elements.count == 1, "\(a.shape) and \(b.shape)")
    return SeriesTensor(a.shape, a.elements.map { operation($0, b.elements[0]) })
  }

  private static func product(_ a: Series, _ b: Series) -> Series {
    let (b1, b2, b3) = (Series(0, b.x, b.y, b.z), Series(0, 0, b.x, b.y), Series(0, 0, 0, b.x))
    return a.x * b + a.y * b1 + a.z * b2 + a.w * b3
  }

  var squashed: SeriesTensor {
    SeriesTensor(
      shape,
      elements.map { x in
        var y = Series(Foundation.tanh(x.x), 0, 0, 0)
        y.y = (1 - y.x * y.x) * x.y
        let slope1 = -2 * y.x * y.y
        y.z = ((1 - y.x * y.x) * 2 * x.z + slope1 * x.y) / 2
        let slope2 = -2 * y.x * y.z - y.y * y.y
        y.w = ((1 - y.x * y.x) * 3 * x.w + slope1 * 2 * x.z + slope2 * x.y) / 3
        return y
      })
  }

  func times(_ matrix: SeriesTensor) -> SeriesTensor {
    let columns = matrix.shape[1]
    return SeriesTensor(
      [1, columns],
      (0..<columns).map { column in
        elements.indices.reduce(Series()) { sum, row in
          sum + Self.product(elements[row], matrix.elements[row * columns + column])
        }
      })
  }

  var turned: SeriesTensor {
    let (rows, columns) = (shape[0], shape[1])
    return SeriesTensor(
      [columns, rows], (0..<rows * columns).map { elements[$0 % rows * columns + $0 / rows] })
  }

  var runningSums: SeriesTensor {
    var sum = Series()
    return SeriesTensor(
      shape,
      elements.map {
        sum += $0
        return sum
      })
  }

  var average: SeriesTensor { (1 / Double(elements.count)) * total }

  var total: SeriesTensor { SeriesTensor([], [elements.reduce(Series(), +)]) }

  /// Element `time` along the first axis.
  func element(_ time: Int) -> SeriesTensor {
    let count = elements.count / shape[0]
    return SeriesTensor(
      Shape(Array(shape.dimensions.dropFirst())), Array(elements[time * count..<(time + 1) * count]))
  }

  static func repeated(
    over sequence: SeriesTensor, from state: SeriesTensor, _ body: (SeriesTensor, SeriesTensor) -> SeriesTensor
  ) -> SeriesTensor {
    (0..<sequence.shape[0]).reduce(state) { body($0, sequence.element($1)) }
  }
}
