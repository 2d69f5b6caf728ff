import Adjoint
import AdjointPictures
import AdjointTraining
import Shared

extension Pictures {
  /// The course's neuron: f = 1 / (1 + e^-(w0 x0 + w1 x1 + w2)).
  static func neuron() throws -> String {
    let graph = Graph()
    let w0 = graph.scalar("w0"), x0 = graph.scalar("x0"), w1 = graph.scalar("w1"), x1 = graph.scalar("x1")
    let w2 = graph.scalar("w2")
    let f = (1 / (1 + exp(-1 * (w0 * x0 + w1 * x1 + w2)))).named("f")
    return graph.svg(of: [f], values: try f.session(at: [w0: 2, x0: -1, w1: -3, x1: -2, w2: -3]))
  }

  /// f = (x + σ(y)) / (σ(x) + (x + y)²), in which x is read three times and y twice: copy gates.
  static func copyGates() throws -> String {
    let graph = Graph()
    let x = graph.scalar("x"), y = graph.scalar("y")
    let f = ((x + sigmoid(y)) / (sigmoid(x) + square(x + y))).named("f")
    return graph.svg(of: [f], values: try f.session(at: [x: 3, y: -4]))
  }

  /// A network of two layers and its loss, with the shapes of its values and gradients.
  static func scopes() throws -> String {
    let graph = Graph()
    let images = graph.input("images", [32, 64])
    let labels = graph.input("labels", [32], .int32)
    let hidden = relu(dense(images, "first", to: 16, .heNormal(seed: 1)))
    let loss = crossEntropy(logits: dense(hidden, "second", to: 10, .heNormal(seed: 1)), labels: labels).named("loss")
    let session = try Program(loss, gradientsFor: graph.parameters + [hidden], alsoComputing: [hidden]).makeSession()
    try session.write((0..<32 * 64).map { Float($0 % 17) / 16 }, to: images)
    try session.write((0..<32).map { Int32($0 % 10) }, to: labels)
    try session.step()
    return graph.svg(of: [loss], values: session)
  }

  /// 64 residual layers of twenty nodes: one box stands for all of them.
  static func folded() throws -> String {
    let graph = Graph()
    var x = graph.input("tokens", [128, 64])
    for layer in 0..<64 {
      x = graph.scope("layer\(layer)") {
        let attended = graph.scope("attention") {
          let queries = dense(x, "queries", to: 64), keys = dense(x, "keys", to: 64),
            values = dense(x, "values", to: 64)
          return softmax(queries.matmul(keys.transposed()) * 0.125).matmul(values)
        }
        let middle = x + attended
        return middle + graph.scope("perceptron") { dense(relu(dense(middle, "in", to: 256)), "out", to: 64) }
      }
    }
    let logits = dense(x, "head", to: 10).named("logits")
    return graph.svg(of: [logits], options: PictureOptions(mostItems: 30))
  }
}
