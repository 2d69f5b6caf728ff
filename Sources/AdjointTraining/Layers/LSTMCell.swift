public import Adjoint

/// The parameters of a long short-term memory cell (Hochreiter, Schmidhuber 1997; Gers et al. 2000), which all steps
/// that it is unrolled over share.
///
/// ```swift
/// let cell = LSTMCell(in: graph, "reader", inputs: 8, units: 64)
/// let (outputs, last) = cell.scan(over: frames)   // [20, 16, 8] to [20, 16, 64], and last.hidden [16, 64]
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

  /// What is hidden behind each step, one behind the other, and the state behind the last.
  ///
  /// - Parameters:
  ///   - frames: `[time, rows, inputs]`.
  ///   - state: that before the first step; zeros if `nil`.
  ///   - isReversed: whether steps go from the last frame to the first; outputs keep the places of their frames.
  ///   - fileID: where it is called, for messages.
  ///   - line: where in that file.
  public func scan(
    over frames: Node, from state: State? = nil, isReversed: Bool = false,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> (outputs: Node, state: State) {
    if let refused = frames.refusedFrames(fileID, line) { return (refused, State(hidden: refused, cell: refused)) }
    return frames.graph.placing(at: fileID, line) {
      let first = state ?? initialState(rows: frames.shape[1])
      let run = frames.graph.scan(over: [frames], from: [first.hidden, first.cell], reversed: isReversed) {
        let next = self($1[0], State(hidden: $0[0], cell: $0[1]))
        return (state: [next.hidden, next.cell], outputs: [next.hidden])
      }
      return (run.outputs[0], State(hidden: run.state[0], cell: run.state[1]))
    }
  }
}
