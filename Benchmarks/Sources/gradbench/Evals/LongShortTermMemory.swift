import Adjoint
import DependencyScheduling

/// lstm: the loss of a network of long short-term memory that predicts each character of a sequence from those before
/// it, all elementwise, and its gradient in the parameters.
struct LongShortTermMemory: Eval {
  static let name = "lstm"
  static let functions = ["objective", "jacobian"]

  private let values: [Matrix]
  private let inputs: [Node]
  private let loss: Node
  private let session: Session
  private let isDerivative: Bool
  private var result: [Double]

  init(_ function: String, _ input: Any, on executor: GraphExecutor) throws {
    let fields = try Fields(input)
    let extra = try fields.matrix("extra_params", rows: 3), b = extra.columns
    let main = try fields.matrix("main_params", columns: 4 * b)
    guard main.rows % 2 == 0 else { throw InputError("main_params has \(main.rows) rows, not two a layer") }
    let state = try fields.matrix("state", rows: main.rows, columns: b)
    let sequence = try fields.matrix("sequence", columns: b)
    guard sequence.rows >= 2 else { throw InputError("sequence has 1 row, not two or more") }
    isDerivative = function == "jacobian"
    values = [main, extra, state, sequence]
    result = .room(isDerivative ? main.elements.count + extra.elements.count : 1)

    let graph = Graph()
    inputs = zip(["main_params", "extra_params", "state", "sequence"], values).map { name, value in
      graph.input(name, [value.rows, value.columns], .float64)
    }
    loss = Self.loss(main: inputs[0], extra: inputs[1], state: inputs[2], sequence: inputs[3])
    session = try Program(loss, gradientsFor: isDerivative ? Array(inputs.prefix(2)) : []).makeSession(on: executor)
  }

  private static func loss(main: Node, extra: Node, state: Node, sequence: Node) -> Node {
    let b = extra.shape[1], predicted = sequence.shape[0] - 1
    let layers = (0..<main.shape[0] / 2).map { Layer(weight: main[row: 2 * $0], bias: main[row: 2 * $0 + 1]) }
    let initial = layers.indices.flatMap { [state[row: 2 * $0], state[row: 2 * $0 + 1]] }
    let inputs = sequence.sliced(0..<predicted) * extra[row: 0]
    let run = main.graph.scan(over: [inputs], from: initial) { state, input in
      var x = input[0]
      var next: [Node] = []
      for (i, layer) in layers.enumerated() {
        let cell = layer.next(Cell(hidden: state[2 * i], memory: state[2 * i + 1]), x)
        x = cell.hidden
        next += [cell.hidden, cell.memory]
      }
      return (state: next, outputs: [x])
    }
    let y = run.outputs[0] * extra[row: 1] + extra[row: 2]
    let normaliser = log(2 + exp(y).sum(axes: [1], keepsAxes: true))
    return -(sequence.sliced(1..<predicted + 1) * (y - normaliser)).sum() / Double(predicted * b)
  }

  /// One layer's state, `[b]` each.
  private struct Cell {
    let hidden: Node, memory: Node
  }

  private struct Layer {
    let forget: (Node) -> Node, take: (Node) -> Node, give: (Node) -> Node, change: (Node) -> Node

    init(weight: Node, bias: Node) {
      let b = weight.shape[0] / 4
      func linear(_ part: Int) -> (Node) -> Node {
        let (w, c) = (weight.sliced(part * b..<(part + 1) * b), bias.sliced(part * b..<(part + 1) * b))
        return { $0 * w + c }
      }
      (forget, take, give, change) = (linear(0), linear(1), linear(2), linear(3))
    }

    func next(_ cell: Cell, _ x: Node) -> Cell {
      let kept = cell.memory * sigmoid(forget(x))
      let memory = kept + sigmoid(take(cell.hidden)) * tanh(change(cell.hidden))
      return Cell(hidden: sigmoid(give(x)) * tanh(memory), memory: memory)
    }
  }

  mutating func run() throws {
    for (matrix, node) in zip(values, inputs) { try session.feed(matrix.elements, to: node) }
    guard isDerivative else {
      try session.forward()
      return result[0] = try session.read(loss)
    }
    try session.step()
    try session.withGradient(of: inputs[0], as: Double.self) { $0.copy(to: &result) }
    let start = values[0].elements.count
    try session.withGradient(of: inputs[1], as: Double.self) { $0.copy(to: &result, at: start) }
  }

  var output: Output { isDerivative ? .vector(result) : .number(result[0]) }
}
