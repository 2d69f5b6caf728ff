import Adjoint
import AdjointTraining
import ArgumentParser

/// What moves the heads: from what it hears and what was read last, `[batch, inputs]`, to `[batch, units]`.
enum Controller: String, CaseIterable, ExpressibleByArgument {
  /// Remembers by itself as well.
  case lstm
  /// One layer of tanh: all it remembers is on the tape.
  case feedforward
}

/// A controller between two frames, its parameters under `controller/`.
struct ControllerState {
  private enum Kind {
    case lstm(LSTMCell, LSTMCell.State)
    case feedforward(weights: Node, bias: Node)
  }
  private var kind: Kind

  init(_ controller: Controller, in graph: Graph, _ size: TuringMachine.Size, inputs: Int, seed: UInt64) {
    switch controller {
    case .lstm:
      let cell = LSTMCell(in: graph, "controller", inputs: inputs, units: size.units, seed: seed)
      kind = .lstm(cell, cell.initialState(rows: size.batch))
    case .feedforward:
      kind = graph.scope("controller") {
        .feedforward(
          weights: graph.parameter("weights", [inputs, size.units], .glorotUniform(seed: seed)),
          bias: graph.parameter("bias", [size.units]))
      }
    }
  }

  /// What the controller says to `x`.
  mutating func advance(by x: Node) -> Node {
    switch kind {
    case .lstm(let cell, let state):
      let next = cell(x, state)
      kind = .lstm(cell, next)
      return next.hidden
    case .feedforward(let weights, let bias):
      return tanh(x.matmul(weights) + bias)
    }
  }
}
