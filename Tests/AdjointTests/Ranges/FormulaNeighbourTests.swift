import Adjoint
import AdjointTesting
import Testing

/// What looks like a formula, or is one, has the values and derivatives of what is written: those of the same gates
/// where its numbers are inputs, and what it shares is hidden behind an addition of 0, so that nothing is recognised.
@Suite(.timeLimit(.minutes(20))) struct FormulaNeighbourTests {
  /// Where a formula gets its variables and numbers from.
  struct Source {
    let x: Node, y: Node
    let isHidden: Bool
    private let zero: Node
    fileprivate var inputs: [Node: [Double]] { box.inputs }
    private let box = Box()
    private final class Box { var inputs: [Node: [Double]] = [:] }

    fileprivate init(_ x: Node, _ y: Node, isHidden: Bool) {
      (self.x, self.y, self.isHidden) = (x, y, isHidden)
      zero = isHidden ? x.graph.input("zero", [], x.elementType) : x
      if isHidden { box.inputs[zero] = [0] }
    }

    /// A number that is seen, or hidden in an input.
    func callAsFunction(_ values: Double..., shape: Shape = []) -> Node {
      let graph = x.graph
      guard isHidden else {
        return x.elementType == .float64
          ? graph.constant(values, shape) : graph.constant(values.map { Float($0) }, shape)
      }
      let node = graph.input("number \(box.inputs.count)", shape, x.elementType)
      box.inputs[node] = values
      return node
    }

    /// The same node, or one of the same value.
    func apart(_ node: Node) -> Node { isHidden ? node + zero : node }

    /// The floating-point nodes that `node` is made of, numbers and what hides apart, in the order of writing.
    func parts(of node: Node) -> [Node] {
      var seen: Set<Node> = [], parts: [Node] = []
      func visit(_ node: Node) {
        guard seen.insert(node).inserted else { return }
        for input in node.inputs { visit(input) }
        if node.gateName == "constant" || inputs[node] != nil || node.elementType == .int32 { return }
        if isHidden, node.inputs.last == zero { return }
        parts.append(node)
      }
      visit(node)
      return parts
    }
  }

  struct Formula: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shape: Shape
    let write: @Sendable (Source) -> Node

    init(_ description: String, _ shape: Shape = [3], _ write: @escaping @Sendable (Source) -> Node) {
      (testDescription, self.shape, self.write) = (description, shape, write)
    }
  }

  static let quotients = [
    Formula("1 / (1 + exp -x)") { n in n(1) / (n(1) + exp(-n.x)) },
    Formula("2 / (1 + exp -x)") { n in n(2) / (n(1) + exp(-n.x)) },
    Formula("1 / (2 + exp -x)") { n in n(1) / (n(2) + exp(-n.x)) },
    Formula("1 / (exp -x + 3)") { n in n(1) / (exp(-n.x) + n(3)) },
    Formula("1 / (1 + exp(3 - x))") { n in n(1) / (n(1) + exp(n(3) - n.x)) },
    Formula("1 / (1 + exp(x / -2))") { n in n(1) / (n(1) + exp(n.x / n(-2))) },
    Formula("1 / (1 + exp(x / -1))") { n in n(1) / (n(1) + exp(n.x / n(-1))) },
    Formula("1 / (1 + exp(-2 x))") { n in n(1) / (n(1) + exp(n(-2) * n.x)) },
    Formula("y / (1 + exp -x)") { n in n.y / (n(1) + exp(-n.x)) },
    Formula("-1 / (1 + exp x)") { n in n(-1) / (n(1) + exp(n.x)) },
    Formula("(1 + exp -x)^-1") { n in pow(n(1) + exp(-n.x), n(-1)) },
    Formula("(1 + exp -x)^-2") { n in pow(n(1) + exp(-n.x), n(-2)) },
    Formula("(2 + exp -x)^-1") { n in pow(n(2) + exp(-n.x), n(-1)) },
    Formula("1 / (1 + 1 / exp x)") { n in n(1) / (n(1) + n(1) / exp(n.x)) },
    Formula("2 / (1 + 1 / exp x)") { n in n(2) / (n(1) + n(1) / exp(n.x)) },
    Formula("1 / (1 + 2 / exp x)") { n in n(1) / (n(1) + n(2) / exp(n.x)) },
    Formula("1 / (2 + 1 / exp x)") { n in n(1) / (n(2) + n(1) / exp(n.x)) },
    Formula("1 / (1 + (exp x)^-2)") { n in n(1) / (n(1) + pow(exp(n.x), n(-2))) },
    Formula("exp x / (1 + exp x)") { n in exp(n.x) / (n(1) + exp(n.apart(n.x))) },
    Formula("exp x / (2 + exp x)") { n in exp(n.x) / (n(2) + exp(n.apart(n.x))) },
    Formula("exp x / (1 + exp y)") { n in exp(n.x) / (n(1) + exp(n.y)) },
    Formula("exp(xy) / (1 + exp(xx))") { n in exp(n.x * n.y) / (n(1) + exp(n.x * n.x)) },
    Formula("1, 2, 1 / (1 + exp -x)") { n in n(1, 2, 1, shape: [3]) / (n(1) + exp(-n.x)) },
    Formula("1 / (1, 2, 1 + exp -x)") { n in n(1) / (n(1, 2, 1, shape: [3]) + exp(-n.x)) },
    Formula("ones of more axes / (1 + exp -x)") { n in n(1, 1, 1, 1, 1, 1, shape: [2, 3]) / (n(1) + exp(-n.x)) },
    Formula("1 / (ones of more axes + exp x)") { n in n(1) / (n(1, 1, 1, 1, 1, 1, shape: [2, 3]) + exp(n.x)) },
    Formula("exp x / (ones of more axes + exp x)") { n in
      exp(n.x) / (n(1, 1, 1, 1, 1, 1, shape: [2, 3]) + exp(n.apart(n.x)))
    },
  ]

  static let tangents = [
    Formula("(exp x - exp -x) / (exp x + exp -x)") { n in
      (exp(n.x) - exp(-n.x)) / (exp(n.apart(n.x)) + exp(-n.apart(n.x)))
    },
    Formula("(exp x - exp -x) / (exp -x + exp x)") { n in
      (exp(n.x) - exp(-n.x)) / (exp(-n.apart(n.x)) + exp(n.apart(n.x)))
    },
    Formula("(exp x - exp -y) / (exp x + exp -y)") { n in
      (exp(n.x) - exp(-n.y)) / (exp(n.apart(n.x)) + exp(-n.apart(n.y)))
    },
    Formula("(exp x - exp -x) / (exp x + exp x)") { n in (exp(n.x) - exp(-n.x)) / (exp(n.apart(n.x)) + exp(n.x)) },
    Formula("(exp 2x - 1) / (exp 2x + 1)") { n in
      (exp(n(2) * n.x) - n(1)) / (exp(n(2) * n.apart(n.x)) + n(1))
    },
    Formula("(exp 3x - 1) / (exp 3x + 1)") { n in
      (exp(n(3) * n.x) - n(1)) / (exp(n(3) * n.apart(n.x)) + n(1))
    },
    Formula("(exp xy - 1) / (exp xy + 1)") { n in
      (exp(n.x * n.y) - n(1)) / (exp(n.apart(n.x) * n.y) + n(1))
    },
    Formula("(exp 2x - 2) / (exp 2x + 2)") { n in
      let power = exp(n(2) * n.x), two = n(2)
      return (power - two) / (n.apart(power) + two)
    },
    Formula("(exp 2x - 1) / (exp 2x + 2)") { n in
      (exp(n(2) * n.x) - n(1)) / (exp(n(2) * n.apart(n.x)) + n(2))
    },
    Formula("(exp(x + x) - 1) / (exp(x + x) + 1)") { n in
      (exp(n.x + n.x) - n(1)) / (exp(n.apart(n.x) + n.x) + n(1))
    },
    Formula("(exp(x + y) - 1) / (exp(x + y) + 1)") { n in
      let power = exp(n.x + n.y)
      return (power - n(1)) / (n.apart(power) + n(1))
    },
    Formula("(1 - exp -2x) / (1 + exp -2x)") { n in
      (n(1) - exp(n(-2) * n.x)) / (n(1) + exp(n(-2) * n.apart(n.x)))
    },
    Formula("(1 - exp -(2x)) / (1 + exp -(2x))") { n in
      (n(1) - exp(-(n(2) * n.x))) / (n(1) + exp(-(n(2) * n.apart(n.x))))
    },
    Formula("(1 - exp -3x) / (1 + exp -3x)") { n in
      (n(1) - exp(n(-3) * n.x)) / (n(1) + exp(n(-3) * n.apart(n.x)))
    },
    Formula("(2 - exp -2x) / (2 + exp -2x)") { n in
      let power = exp(n(-2) * n.x), two = n(2)
      return (two - power) / (two + n.apart(power))
    },
    Formula("log(1 + exp x)") { n in log(n(1) + exp(n.x)) },
    Formula("log(2 + exp x)") { n in log(n(2) + exp(n.x)) },
    Formula("log(exp x + 0.5)") { n in log(exp(n.x) + n(0.5)) },
    Formula("log(1, 2, 3 + exp x)") { n in log(n(1, 2, 3, shape: [3]) + exp(n.x)) },
    Formula("log(ones of more axes + exp x)") { n in log(n(1, 1, 1, 1, 1, 1, shape: [2, 3]) + exp(n.x)) },
  ]

  static let powers = [
    Formula("|x| |x|") { n in abs(n.x) * abs(n.apart(n.x)) },
    Formula("|x| |y|") { n in n.apart(abs(n.x)) * abs(n.y) },
    Formula("|xy| |xx|") { n in n.apart(abs(n.x * n.y)) * abs(n.x * n.x) },
    Formula("|x| √(x²)") { n in n.apart(abs(n.x)) * sqrt(square(n.x)) },
    Formula("|x|²") { n in pow(abs(n.x), n(2)) },
    Formula("|x|³") { n in pow(abs(n.x), n(3)) },
    Formula("|x|^2.5") { n in pow(abs(n.x), n(2.5)) },
    Formula("|x|⁴") { n in pow(abs(n.x), n(4)) },
    Formula("|x|⁻²") { n in pow(abs(n.x), n(-2)) },
    Formula("|x|⁻³") { n in pow(abs(n.x), n(-3)) },
    Formula("|x|^(2, 3, 4)") { n in pow(abs(n.x), n(2, 3, 4, shape: [3])) },
    Formula("(√x²)²") { n in square(sqrt(n.apart(square(n.x)))) },
    Formula("(√x²)⁴") { n in pow(sqrt(square(n.x)), n(4)) },
    Formula("(√x²)³") { n in pow(sqrt(square(n.x)), n(3)) },
    Formula("√x² √y²") { n in n.apart(sqrt(square(n.x))) * sqrt(square(n.y)) },
    Formula("√(x² y²) √(x² x²)") { n in
      n.apart(sqrt(square(n.x) * square(n.y))) * sqrt(square(n.x) * square(n.x))
    },
    Formula("(√(x² - 2))²") { n in square(sqrt(square(n.x) + n(-2))) },
    Formula("(√(2 - x²))²") { n in square(sqrt(n(2) + n(-1) * square(n.x))) },
    Formula("(√(x² + 3))²") { n in square(sqrt(square(n.apart(n.x)) + n(3))) },
    Formula("(√(x² / -2))²") { n in square(sqrt(square(n.x) / n(-2))) },
    Formula("(√(x² / y))²") { n in square(n.apart(sqrt(square(n.x) / n.y))) },
    Formula("(√(x² + y))²") { n in square(n.apart(sqrt(square(n.x) + n.y))) },
    Formula("(√x³)²") { n in square(sqrt(pow(n.x, n(3)))) },
    Formula("(√(x y))²") { n in square(n.apart(sqrt(n.x * n.y))) },
    Formula("|x|₂⁴") { n in pow(n.x.l2Norm(), n(4)) },
    Formula("|x|₂³") { n in pow(n.x.l2Norm(), n(3)) },
    Formula("|x|₂ |y|₂") { n in n.apart(n.x.l2Norm()) * n.y.l2Norm() },
    Formula("|x|₂ |x|₂") { n in n.x.l2Norm() * n.apart(n.x).l2Norm() },
    Formula("rows' |x|₂ |x|₂", [2, 2]) { n in n.apart(n.x.l2Norm(axes: [0])) * n.x.l2Norm(axes: [1]) },
  ]

  private static let labels = [2, 0, 1] as [Int32]

  static let probabilities = [
    Formula("x - log Σ exp x", [2, 3]) { n in n.x - n.apart(n.x).logSumExp(axes: [1], keepsAxes: true) },
    Formula("log Σ exp x - x", [2, 3]) { n in n.apart(n.x).logSumExp(axes: [1], keepsAxes: true) - n.x },
    Formula("x - log Σ exp x across", [3, 3]) { n in n.x - n.apart(n.x).logSumExp(axes: [1]) },
    Formula("x - log Σ exp x of a row", [3]) { n in n.x - n.apart(n.x).logSumExp() },
    Formula("x - log Σ exp x of all", [2, 3]) { n in n.x - n.apart(n.x).logSumExp() },
    Formula("x - log Σ exp y", [2, 3]) { n in n.x - n.apart(n.y.logSumExp(axes: [1], keepsAxes: true)) },
    Formula("column - log Σ exp x", [2, 3]) { n in
      n.x.sliced(1..<2, axis: 1) - n.apart(n.x).logSumExp(axes: [1], keepsAxes: true)
    },
    Formula("log Σ exp x - column", [2, 3]) { n in
      n.apart(n.x).logSumExp(axes: [1]) - n.x.sliced(2..<3, axis: 1).reshaped([2])
    },
    Formula("log Σ exp x - column of y", [2, 3]) { n in
      n.apart(n.x.logSumExp(axes: [1])) - n.y.sliced(2..<3, axis: 1).reshaped([2])
    },
    Formula("log Σ exp x - row", [3, 3]) { n in
      n.apart(n.x).logSumExp(axes: [1]) - n.x.sliced(1..<2).reshaped([3])
    },
    Formula("log Σ exp x - part of a column", [2, 3]) { n in
      n.apart(n.x).logSumExp(axes: [1]) - n.x.sliced(0..<1).sliced(0..<2, axis: 1).reshaped([2])
    },
    Formula("labelled", [3, 3]) { n in
      let chosen = oneHot(n.x.graph.constant(labels, [3]), classes: 3, .float64)
      return n.apart(n.x).logSumExp(axes: [1]) - (n.x * chosen).sum(axes: [1])
    },
    Formula("labelled, the other way round", [3, 3]) { n in
      let chosen = oneHot(n.x.graph.constant(labels, [3]), classes: 3, .float64)
      return (chosen * n.x).sum(axes: [1]) - n.apart(n.x).logSumExp(axes: [1])
    },
    Formula("labelled across", [3, 3]) { n in
      let chosen = oneHot(n.x.graph.constant(labels, [3]), classes: 3, .float64)
      return n.apart(n.x).logSumExp(axes: [1]) - (n.x * chosen).sum(axes: [0])
    },
    Formula("labelled of y", [3, 3]) { n in
      let chosen = oneHot(n.x.graph.constant(labels, [3]), classes: 3, .float64)
      return n.apart(n.x.logSumExp(axes: [1])) - (n.y * chosen).sum(axes: [1])
    },
    Formula("gathered", [3]) { n in n.apart(n.x).logSumExp() - n.x.gatheringRows(n.x.graph.constant([1] as [Int32], []))
    },
    Formula("gathered of y", [3]) { n in
      n.apart(n.x.logSumExp()) - n.y.gatheringRows(n.x.graph.constant([1] as [Int32], []))
    },
  ]

  @Test(arguments: quotients + tangents + powers + probabilities)
  func `what is written has its value and three derivatives`(formula: Formula) throws {
    let graph = Graph()
    let x = graph.input("x", formula.shape, .float64), y = graph.input("y", formula.shape, .float64)
    func derivatives(isHidden: Bool) throws -> (nodes: [Node], inputs: [Node: [Double]]) {
      let source = Source(x, y, isHidden: isHidden)
      let value = formula.write(source)
      let weights = graph.constant(
        (0..<value.shape.elementCount).map { 0.5 + Double($0 * 5 % 7) / 7 }, value.shape)
      let directions = [x, y].enumerated().map { number, node in
        graph.constant((0..<node.shape.elementCount).map { 0.7 + Double(($0 + number) * 3 % 5) / 5 }, node.shape)
      }
      let zeros = [x, y].map { graph.constant(0, $0.shape, .float64) }
      var last = (value * weights).sum(), nodes = [value]
      let tangent = try graph.jacobianVectorProduct(of: [last], along: directions, withRespectTo: [x, y])[0]
      nodes.append(tangent ?? zeros[0])
      for _ in 0..<3 {
        let slopes = zip(try graph.gradients(of: [last], withRespectTo: [x, y]), zeros).map { $0 ?? $1 }
        nodes += slopes
        last = zip(slopes, directions).map { ($0 * $1).sum() }.reduce(graph.constant(0, [], .float64), +)
      }
      // By whatever it is made of, one by one and all together.
      let parts = source.parts(of: value), loss = (value * weights).sum()
      for variables in parts.map({ [$0] }) + [parts] {
        for (gradient, part) in zip(try graph.gradients(of: [loss], withRespectTo: variables), variables) {
          nodes.append(gradient ?? graph.constant(0, part.shape, .float64))
        }
      }
      return (nodes, source.inputs)
    }
    let seen = try derivatives(isHidden: false), hidden = try derivatives(isHidden: true)
    let session = try Program(seen.nodes + hidden.nodes).makeSession()
    let count = formula.shape.elementCount
    var inputs = hidden.inputs
    inputs[x] = (0..<count).map { [-1.3, 0.4, 2.1, -0.6, 0.9][$0 % 5] + Double($0 / 5) / 8 }
    inputs[y] = (0..<count).map { [0.8, -0.5, 1.7, 1.1][$0 % 4] - Double($0 / 4) / 8 }
    for (node, values) in inputs {
      do { try session.write(values, to: node) } catch SessionError.notInProgram {}
    }
    try session.forward()
    #expect(seen.nodes.count == hidden.nodes.count)
    for (number, (a, b)) in zip(seen.nodes, hidden.nodes).enumerated() {
      let (a, b) = (try session.read(a, as: Double.self), try session.read(b, as: Double.self))
      let isEqual = zip(a, b).allSatisfy {
        ($0 - $1).magnitude <= 1e-10 * max(1, $1.magnitude) || $0.isNaN && $1.isNaN
      }
      #expect(isEqual, "result \(number): \(a), not \(b)")
    }
  }

  @Test(arguments: quotients.filter { $0.testDescription.contains(",") || $0.testDescription.contains("ones") })
  func `numbers of 32 bits are told apart as well`(formula: Formula) throws {
    let graph = Graph()
    let x = graph.input("x", formula.shape), y = graph.input("y", formula.shape)
    let seen = Source(x, y, isHidden: false), hidden = Source(x, y, isHidden: true)
    let values = [formula.write(seen), formula.write(hidden)]
    let slopes = try values.map { try graph.gradient(of: $0.sum(), withRespectTo: x) }
    let session = try Program(values + slopes).makeSession()
    for (node, values) in hidden.inputs {
      do { try session.write(values.map { Float($0) }, to: node) } catch SessionError.notInProgram {}
    }
    try session.write([-1.3, 0.4, 2.1] as [Float], to: x)
    try session.forward()
    let found = try (values + slopes).map { try session.read($0, as: Float.self) }
    for (a, b) in [(found[0], found[1]), (found[2], found[3])] {
      #expect(zip(a, b).allSatisfy { ($0 - $1).magnitude <= 1e-5 }, "\(a), not \(b)")
    }
  }
}
