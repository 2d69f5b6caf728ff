import Adjoint

extension TrainingWorkload {
  /// 784-512-512-10 with relu and cross-entropy, batch 128.
  static func mlp() -> TrainingWorkload {
    var recipe = Recipe(seed: 1)
    let graph = recipe.graph
    let x = graph.input("x", [128, 784]), y = graph.input("y", [128], .int32)
    let images = recipe.generator.uniform(128 * 784, scale: 2)
    let labels = recipe.generator.labels(128, classes: 10)
    let first = recipe.dense("1", 784, 512, scale: 0.125, biasScale: 0.125)
    let second = recipe.dense("2", 512, 512, scale: 0.25, biasScale: 0.125)
    let third = recipe.dense("3", 512, 10, scale: 0.125, biasScale: 0.125)
    let loss = crossEntropy(logits: third(relu(second(relu(first(x))))), labels: y)
    return TrainingWorkload(loss: loss, parameters: graph.parameters) { session in
      try session.write(images, to: x)
      try session.write(labels, to: y)
    }
  }

  /// 4-32-32-1 with tanh and squared error, batch 32.
  static func tinyMLP() -> TrainingWorkload {
    var recipe = Recipe(seed: 2)
    let graph = recipe.graph
    let x = graph.input("x", [32, 4]), y = graph.input("y", [32, 1])
    let samples = recipe.generator.uniform(32 * 4, scale: 2)
    let targets = recipe.generator.uniform(32, scale: 2)
    let first = recipe.dense("1", 4, 32, scale: 1, biasScale: 0.5)
    let second = recipe.dense("2", 32, 32, scale: 0.5, biasScale: 0.5)
    let third = recipe.dense("3", 32, 1, scale: 0.5, biasScale: 0.5)
    let loss = meanSquaredError(third(tanh(second(tanh(first(x))))), y)
    return TrainingWorkload(loss: loss, parameters: graph.parameters) { session in
      try session.write(samples, to: x)
      try session.write(targets, to: y)
    }
  }

  /// 64 branches mean(tanh(x · Wₖ + b)²) that share x and b, averaged: copy gates with 64 readers.
  static func wideDAG() -> TrainingWorkload {
    var recipe = Recipe(seed: 3)
    let graph = recipe.graph
    let x = graph.input("x", [32, 128])
    let samples = recipe.generator.uniform(32 * 128, scale: 2)
    let bias = recipe.parameter("b", [128], scale: 0.25)
    let branches = (0..<64).map { branch in
      let weights = recipe.parameter("W\(branch)", [128, 128], scale: 0.25)
      return square(tanh(x.matmul(weights) + bias)).mean().reshaped([1])
    }
    let loss = concatenate(branches).mean()
    return TrainingWorkload(loss: loss, parameters: graph.parameters) { try $0.write(samples, to: x) }
  }

  /// Unrolled steps of an LSTM cell, 64 inputs, 128 hidden, batch 16; the workload has 64 steps.
  public static func lstm(steps: Int = 64) -> TrainingWorkload {
    var recipe = Recipe(seed: 4)
    let graph = recipe.graph
    let x = graph.input("x", [steps, 16, 64])
    let samples = recipe.generator.uniform(steps * 16 * 64, scale: 2)
    let inputWeights = recipe.parameter("Wx", [64, 512], scale: 0.25)
    let hiddenWeights = recipe.parameter("Wh", [128, 512], scale: 0.25)
    let bias = recipe.parameter("b", [512], scale: 0.25)
    var hidden = graph.constant(0, [16, 128]), cell = hidden
    for time in 0..<steps {
      let frame = x.sliced(time..<time + 1).reshaped([16, 64])
      let z = frame.matmul(inputWeights) + bias + hidden.matmul(hiddenWeights)
      let gates = (0..<4).map { z.sliced($0 * 128..<($0 + 1) * 128, axis: 1) }
      cell = sigmoid(gates[1]) * cell + sigmoid(gates[0]) * tanh(gates[2])
      hidden = sigmoid(gates[3]) * tanh(cell)
    }
    let loss = square(hidden).mean()
    return TrainingWorkload(loss: loss, parameters: graph.parameters) { try $0.write(samples, to: x) }
  }

  /// A pre-norm transformer block: 8 sequences of 64, width 128, 4 heads, a gelu layer of 512.
  static func attention() -> TrainingWorkload {
    var recipe = Recipe(seed: 6)
    let graph = recipe.graph
    let x = graph.input("x", [8, 64, 128])
    let samples = recipe.generator.uniform(8 * 64 * 128, scale: 2)
    func norm(_ number: String, _ recipe: inout Recipe) -> (Node) -> Node {
      let gain = recipe.gain("g\(number)", [128], scale: 0.25)
      let bias = recipe.parameter("be\(number)", [128], scale: 0.25)
      return { layerNormalization($0) * gain + bias }
    }
    let norm1 = norm("1", &recipe)
    let (q, k, v, o) = (
      recipe.dense("q", 128, 128, scale: 0.25, biasScale: 0.25),
      recipe.dense("k", 128, 128, scale: 0.25, biasScale: 0.25),
      recipe.dense("v", 128, 128, scale: 0.25, biasScale: 0.25),
      recipe.dense("o", 128, 128, scale: 0.25, biasScale: 0.25)
    )
    let norm2 = norm("2", &recipe)
    let up = recipe.dense("1", 128, 512, scale: 0.25, biasScale: 0.25)
    let down = recipe.dense("2", 512, 128, scale: 0.125, biasScale: 0.25)

    let flat = x.reshaped([512, 128])
    let normed = norm1(flat)
    func heads(_ layer: (Node) -> Node) -> Node { layer(normed).reshaped([8, 64, 4, 32]).transposed([0, 2, 1, 3]) }
    let scores = heads(q).matmul(heads(k).transposed([0, 1, 3, 2])) * (1 / 32.0.squareRoot())
    let attended = softmax(scores).matmul(heads(v)).transposed([0, 2, 1, 3]).reshaped([512, 128])
    let residual = flat + o(attended)
    let out = residual + down(gelu(up(norm2(residual)), approximation: .tanh))
    let loss = square(out).mean()
    return TrainingWorkload(loss: loss, parameters: graph.parameters) { try $0.write(samples, to: x) }
  }

  /// 2,500 links x ← sin(x) · a + x · b: 10,000 scalar gates.
  static func scalarChain() -> TrainingWorkload {
    let graph = Graph()
    let start = graph.parameter("x0", [], .constant(1))
    let a = graph.parameter("a", [], .constant(0.5)), b = graph.parameter("b", [], .constant(0.5))
    var x = start
    for _ in 0..<2500 { x = sin(x) * a + x * b }
    return TrainingWorkload(loss: x, parameters: graph.parameters) { _ in }
  }
}
