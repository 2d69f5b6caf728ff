import Adjoint
import DependencyScheduling

/// Models whose layers lie in scopes, to be compiled with these checkpointed and without.
struct CheckpointedModel {
  enum Kind: String, CaseIterable, Sendable {
    case convolutional, recurrent, scans, attention, innerGradient, gradientPenalty, hessianProduct, gradientsAsOutputs
  }

  let graph = Graph()
  private(set) var scopes: [String] = []
  private(set) var outputs: [Node] = []
  private(set) var variables: [Node] = []
  private(set) var updates: [ParameterUpdate] = []
  private var images: Node!

  init(_ kind: Kind) throws {
    switch kind {
    case .convolutional: try convolutional()
    case .recurrent: recurrent()
    case .scans: scans()
    case .attention: attention()
    case .innerGradient:
      let hidden = dense()
      variables += [hidden]
    case .gradientPenalty:
      _ = dense()
      let slopes = try graph.gradients(of: outputs, withRespectTo: [variables[0], variables[2]]).map { $0! }
      outputs[0] = outputs[0] + slopes.reduce(graph.constant(0)) { $0 + square($1).sum() }
    case .hessianProduct:
      _ = dense()
      let slope = try graph.gradients(of: outputs, withRespectTo: [variables[1]])[0]!
      let ones = graph.constant(1, variables[1].shape)
      outputs += try graph.jacobianVectorProduct(of: [slope], along: [ones], withRespectTo: [variables[1]]).map {
        $0!.sum()
      }
    case .gradientsAsOutputs:
      _ = dense()
      outputs += try graph.gradients(of: outputs, withRespectTo: variables).map { $0!.sum() }
      variables = []
    }
  }

  private mutating func weights(_ name: String, _ shape: Shape) -> Node {
    let seed = UInt64(variables.count + 1)
    variables.append(graph.parameter(name, shape, .uniform(-0.25...0.25, seed: seed)))
    return variables.last!
  }

  private mutating func layer(_ name: String, _ body: (inout CheckpointedModel) throws -> Node) rethrows -> Node {
    scopes.append(name)
    return try graph.scope(name) { try body(&self) }
  }

  /// Blocks of convolution, batch normalisation with running statistics, dropout, pooling; and steps that train them.
  private mutating func convolutional() throws {
    let step = graph.parameter("step", [], .zeros, .int32)
    images = graph.parameter("images", [4, 3, 24, 24], .uniform(-1...1, seed: 99))
    var x = images!
    for (number, channels) in [8, 12, 12].enumerated() {
      x = layer("block\(number)") { model in
        let graph = model.graph
        let first = convolution(x, model.weights("first", [channels, x.shape[1], 3, 3]), padding: 1)
        let seen = RunningStatistics(
          mean: graph.parameter("mean", [channels]), variance: graph.parameter("variance", [channels], .ones))
        let (normal, updates) = batchNormalization(
          first, scale: model.weights("scale", [channels]), shift: model.weights("shift", [channels]), updating: seen)
        model.updates += updates
        let kept = dropout(relu(normal), rate: 0.25, step: step, seed: 7)
        let second = graph.scope("second") {
          relu(convolution(kept, model.weights("kernel", [channels, channels, 3, 3]), padding: 1))
        }
        return number == 1 ? maxPool(second, window: 2) : second + kept
      }
    }
    let loss = square(x.mean(axes: [2, 3]).matmul(weights("out", [12, 5]))).mean()
    outputs = [loss]
    let slopes = try graph.gradients(of: [loss], withRespectTo: variables)
    updates += zip(variables, slopes).map { ParameterUpdate($0, to: $0 - 0.5 * $1!) }
    updates.append(ParameterUpdate(step, to: step.advanced(by: 1)))
  }

  /// Twelve steps of an LSTM cell, three in a scope.
  private mutating func recurrent() {
    let x = weights("x", [12, 16, 8]), wx = weights("wx", [8, 128]), wh = weights("wh", [32, 128])
    var hidden = graph.constant(0, [16, 32]), cell = hidden
    for start in stride(from: 0, to: 12, by: 3) {
      hidden = layer("steps\(start)") { _ in
        for time in start..<start + 3 {
          let z = x.sliced(time..<time + 1).reshaped([16, 8]).matmul(wx) + hidden.matmul(wh)
          let gates = (0..<4).map { z.sliced($0 * 32..<($0 + 1) * 32, axis: 1) }
          cell = sigmoid(gates[1]) * cell + sigmoid(gates[0]) * tanh(gates[2])
          hidden = sigmoid(gates[3]) * tanh(cell)
        }
        return hidden
      }
    }
    outputs = [square(hidden).mean()]
  }

  /// Three layers, each a scan over the frames of the one before, with dropout.
  private mutating func scans() {
    var frames = weights("x", [12, 16, 24])
    let initial = graph.constant(0, [16, 24]), step = graph.constant([5 as Int32], [])
    for number in 0..<3 {
      frames = layer("layer\(number)") { model in
        let (wx, wh) = (model.weights("wx", [24, 24]), model.weights("wh", [24, 24]))
        let scanned = model.graph.scan(over: [tanh(frames)], from: [initial]) { state, frame in
          let hidden = tanh(frame[0].matmul(wx) + state[0].matmul(wh))
          return (state: [hidden], outputs: [hidden * frame[0]])
        }
        return dropout(tanh(scanned.outputs[0]), rate: 0.25, step: step, seed: 3) + scanned.state[0]
      }
    }
    outputs = [square(frames).mean()]
  }

  /// Scopes within checkpointed scopes, some of them checkpointed too, some alone, and one value that two scopes share.
  private mutating func attention() {
    var x = weights("x", [72, 64])
    let shared = weights("shared", [64, 64])
    for number in 0..<3 {
      x = layer("block\(number)") { model in
        let graph = model.graph
        let attended = graph.scope("attention") {
          let scores = softmax(x.matmul(shared).matmul(x.transposed()))
          return scores.matmul(x.matmul(model.weights("values", [64, 64])))
        }
        let residual = x + attended
        return graph.scope("layers") {
          let up = residual.matmul(model.weights("up", [64, 128]))
          return residual + gelu(up).matmul(model.weights("down", [128, 64]))
        }
      }
    }
    scopes = ["block0", "block0/attention", "block1/layers", "block2/attention", "block2"]
    outputs = [square(x).mean(), x]
  }

  /// Dense layers; returns a value within one of them.
  private mutating func dense() -> Node {
    var x = weights("x", [80, 60])
    var inner: [Node] = []
    for number in 0..<3 {
      x = layer("layer\(number)") { model in
        let centred = x - x.mean(axes: [-1], keepsAxes: true)
        inner.append(tanh(centred.matmul(model.weights("w", [60, 60]))))
        return inner[number] * x + exp(-square(inner[number]))
      }
    }
    outputs = [square(x).mean()]
    return inner[1]
  }

  func program(_ options: Program.Options) throws -> Program {
    try Program(outputs, gradientsFor: variables, updating: updates, options: options)
  }

  /// The bits of all outputs, gradients and parameters after three steps.
  func results(_ program: Program, on executor: any ScheduleExecutor) throws -> [[UInt32]] {
    let session = program.makeSession(on: executor)
    for output in outputs where output.shape != .scalar && !variables.isEmpty {
      try session.writeUpstream((0..<output.shape.elementCount).map { Float($0 % 5) / 64 }, of: output)
    }
    for _ in 0..<3 { if variables.isEmpty { try session.forward() } else { try session.step() } }
    let parameters = updates.map(\.parameter).filter { $0.elementType == .float32 }
    return try (outputs + parameters).map { try session.read($0, as: Float.self).map(\.bitPattern) }
      + variables.map { try session.gradient(of: $0, as: Float.self).map(\.bitPattern) }
  }
}
