public import Adjoint

/// The parameters of a gated recurrent unit (Cho et al. 2014), which all steps that it is unrolled over share.
///
/// ```swift
/// let cell = GRUCell(in: graph, "reader", inputs: 8, units: 64)
/// let (outputs, last) = cell.scan(over: frames)    // [20, 16, 8] to [20, 16, 64] and [16, 64]
/// ```
/// r = σ(x · Wr + h · Ur + br),  z = σ(x · Wz + h · Uz + bz),  n = tanh(x · Wn + bn + r ⊙ (h · Un + c)),
/// h′ = (1 − z) ⊙ n + z ⊙ h. This is the form of cuDNN, PyTorch and MLX, which resets h behind the product; Cho's
/// resets it before, (r ⊙ h) · Un.
public struct GRUCell: Hashable, Sendable {
  public let units: Int
  /// W `[inputs, 3 · units]`, U `[units, 3 · units]` and b `[3 · units]`, whose thirds belong to r, z, n; c `[units]`.
  public let inputWeights: Node, hiddenWeights: Node, bias: Node, hiddenBias: Node

  /// Makes the parameters `name/inputWeights`, `name/hiddenWeights`, `name/bias` and `name/hiddenBias`: Glorot's
  /// uniform weights, and biases of 0.
  public init(
    in graph: Graph, _ name: String, inputs: Int, units: Int, seed: UInt64 = 0, _ type: ElementType = .float32,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    self.units = units
    let width = (3 * Extent(units)).value
    func parameter(_ name: String, _ shape: Shape, _ initializer: Initializer) -> Node {
      graph.parameter(name, shape, initializer, type, fileID: fileID, line: line)
    }
    (inputWeights, hiddenWeights, bias, hiddenBias) = graph.scope(name) {
      (
        parameter("inputWeights", [inputs, width], .glorotUniform(seed: seed)),
        parameter("hiddenWeights", [units, width], .glorotUniform(seed: seed)),
        parameter("bias", [width], .zeros), parameter("hiddenBias", [units], .zeros)
      )
    }
  }

  /// A state of zeros, `[rows, units]`.
  public func initialState(rows: Int, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    bias.graph.constant(0, [rows, units], bias.elementType, fileID: fileID, line: line)
  }

  /// The state after one step, whose x is `[rows, inputs]`.
  public func callAsFunction(
    _ x: Node, _ state: Node, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    x.graph.placing(at: fileID, line) {
      let read = x.matmul(inputWeights) + bias, kept = state.matmul(hiddenWeights)
      let gates = read + kept
      // Where a size was refused so is their sum, and there is nothing to cut.
      guard gates.shape.dimensions.last == (3 * Extent(units)).value else { return gates }
      func part(_ node: Node, _ number: Int) -> Node { node.sliced(number * units..<(number + 1) * units, axis: -1) }
      let reset = sigmoid(part(gates, 0)), update = sigmoid(part(gates, 1))
      let new = tanh(part(read, 2) + reset * (part(kept, 2) + hiddenBias))
      return new + update * (state - new)
    }
  }

  /// The states of all steps, one behind the other, and the last.
  ///
  /// - Parameters:
  ///   - frames: `[time, rows, inputs]`.
  ///   - state: that before the first step; zeros if `nil`.
  ///   - isReversed: whether steps go from the last frame to the first; outputs keep the places of their frames.
  ///   - fileID: where it is called, for messages.
  ///   - line: where in that file.
  public func scan(
    over frames: Node, from state: Node? = nil, isReversed: Bool = false,
    fileID: StaticString = #fileID, line: UInt = #line
  ) -> (outputs: Node, state: Node) {
    if let refused = frames.refusedFrames(fileID, line) { return (refused, refused) }
    return frames.graph.placing(at: fileID, line) {
      let first = state ?? initialState(rows: frames.shape[1])
      let run = frames.graph.scan(over: frames, from: first, reversed: isReversed) { state, frame in
        let next = self(frame, state)
        return (next, next)
      }
      return (run.outputs, run.state)
    }
  }
}

extension Node {
  /// A refused node instead of a scan's results where this node is not a sequence of frames; else `nil`.
  func refusedFrames(_ fileID: StaticString, _ line: UInt) -> Node? {
    if shape.rank == 3 { return nil }
    let reason = "frames have the axes [time, rows, inputs], got the shape \(shape)"
    return graph.refused(Matmul(), [self], reason, fileID: fileID, line: line)
  }
}
