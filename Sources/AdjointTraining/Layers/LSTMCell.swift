public import Adjoint

/// The parameters of a long short-term memory cell (Hochreiter, Schmidhuber 1997; Gers et al. 2000), which all steps
/// that it is unrolled over share.
///
/// ```swift
/// let cell = LSTMCell(in: graph, "reader", inputs: 8, units: 64)
/// var state = cell.initialState(rows: 16)
/// for time in 0..<20 { state = cell(frames[time], state) }   // state.hidden is [16, 64]
/// ```
/// With z = x · Wx + h · Wh + b, cut into i, f, g, o: c′ = σ(f) · c + σ(i) · tanh(g) and h′ = σ(o) · tanh(c′).
public struct LSTMCell: Hashable, Sendable {
  /// What goes from one step to the next, each `[rows, units]`.
  public struct State: Hashable, Sendable {
    public var hidden: Node, cell: Node
    public init(hidden: Node, cell: Node) {
      self.hidden = hidden
      self.cell = cell
    }
  }

  public let units: Int
  /// Wx `[inputs, 4 · units]`, Wh `[units, 4 · units]` and b `[4 · units]`; their quarters belong to i, f, g, o.
  public let inputWeights: Node, hiddenWeights: Node, bias: Node

  /// Makes the parameters `name/inputWeights`, `name/hiddenWeights` and `name/bias`: Glorot's uniform weights, and
  /// biases of 0, of the forget gate 1, so that the cell remembers at first (Jozefowicz et al. 2015).
  public init(
    in graph: Graph, _ name: String, inputs: Int, units: Int, seed: UInt64 = 0, _ type: ElementType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    self.units = units
    let width = (4 * Extent(units)).value
    // Of a number of units that is refused there is no bias to list.
    let forgetful: Initializer =
      Shape([units, width]).impossibility == nil
      ? .values((0..<width).map { units <= $0 && $0 < 2 * units ? 1.0 : 0 }) : .zeros
    (inputWeights, hiddenWeights, bias) = graph.scope(name) {
      (
        graph.parameter(
          "inputWeights", [inputs, width], .glorotUniform(seed: seed), type, fileID: fileID, line: line),
        graph.parameter(
          "hiddenWeights", [units, width], .glorotUniform(seed: seed), type, fileID: fileID, line: line),
        graph.parameter("bias", [width], forgetful, type, fileID: fileID, line: line)
      )
    }
  }

  /// A state of zeros.
  public func initialState(rows: Int, fileID: StaticString = #fileID, line: UInt = #line) -> State {
    let zeros = bias.graph.constant(0, [rows, units], bias.elementType, fileID: fileID, line: line)
    return State(hidden: zeros, cell: zeros)
  }

  /// The state after one step, whose x is `[rows, inputs]`.
  public func callAsFunction(
    _ x: Node, _ state: State, fileID: StaticString = #fileID, line: UInt = #line
  ) -> State {
    x.graph.placing(at: fileID, line) {
      let z = x.matmul(inputWeights) + bias + state.hidden.matmul(hiddenWeights)
      // Where a size was refused so is z, and there is nothing to cut.
      guard z.shape.dimensions.last == (4 * Extent(units)).value else { return State(hidden: z, cell: z) }
      let parts = (0..<4).map { z.sliced($0 * units..<($0 + 1) * units, axis: -1) }
      let cell = sigmoid(parts[1]) * state.cell + sigmoid(parts[0]) * tanh(parts[2])
      return State(hidden: sigmoid(parts[3]) * tanh(cell), cell: cell)
    }
  }
}
