import Adjoint

extension Pictures {
  /// The loss of a small network that learns exclusive or, at two rates.
  static func loss() throws -> String {
    var plot = Plot(width: 560, height: 340, xTitle: "step", yTitle: "loss")
    for (rate, color) in [(0.1, "#15c"), (0.5, "#d11")] {
      plot.add("rate \(rate)", color, try losses(rate: rate, steps: 600))
    }
    return plot.svg
  }

  private static func losses(rate: Double, steps: Int) throws -> [Double] {
    let graph = Graph()
    let x = graph.input("x", [4, 2], .float64), wanted = graph.input("wanted", [4, 1], .float64)
    let hidden = tanh(
      x.matmul(graph.parameter("w1", [2, 4], .heNormal(seed: 3), .float64))
        + graph.parameter("b1", [4], .zeros, .float64))
    let answer = sigmoid(
      hidden.matmul(graph.parameter("w2", [4, 1], .heNormal(seed: 4), .float64))
        + graph.parameter("b2", [1], .zeros, .float64))
    let loss = square(answer - wanted).sum()
    let session = try Program(loss, gradientsFor: graph.parameters).makeSession()
    try session.write([0.0, 0, 0, 1, 1, 0, 1, 1], to: x)
    try session.write([0.0, 1, 1, 0], to: wanted)
    var losses: [Double] = []
    for _ in 0..<steps {
      try session.step()
      try losses.append(session.read(loss))
      for parameter in graph.parameters {
        let gradient = try session.gradient(of: parameter, as: Double.self)
        try session.write(zip(session.read(parameter, as: Double.self), gradient).map { $0 - rate * $1 }, to: parameter)
      }
    }
    return losses
  }
}
