import Adjoint
import AdjointTraining
import Testing

extension SnippetTests {
  /// Of images of 224 × 224, the extents of AlexNet's first layers.
  @Test func `dense layers and convolutions have the shapes that they say`() throws {
    let graph = Graph()
    let images = graph.input("images", [2, 3, 224, 224])
    let edges = relu(convolution(images, "edges", to: 64, kernel: 11, stride: 4, padding: 2))
    let parts = relu(convolution(maxPool(edges, window: 2), "parts", to: 192, kernel: 5, padding: 2))
    let logits = dense(flattened(parts), "classes", to: 10)
    #expect([edges, parts, logits].map(\.shape) == [[2, 64, 55, 55], [2, 192, 27, 27], [2, 10]])

    let rows = graph.input("rows", [2, 64])
    #expect(digits(rows).map(\.shape) == [[2, 128], [2, 10]])
    #expect(graph.parameters.map(\.name).suffix(2) == ["digits/weights", "digits/bias"])
  }

  private func digits(_ images: Node) -> [Node] {
    let hidden = relu(dense(images, "hidden", to: 128, .heNormal()))
    let logits = dense(hidden, "digits", to: 10)
    return [hidden, logits]
  }

  @Test func `convolutions along sequences, and transposed ones`() {
    let graph = Graph()
    let sound = graph.input("sound", [2, 1, 400]), parts = graph.input("parts", [2, 8, 16, 16])
    let waves = relu(convolution1D(sound, "waves", to: 32, kernel: 9, stride: 4, padding: 4))
    let image = transposedConvolution(parts, "image", to: 3, kernel: 4, stride: 2, padding: 1)  // 16 × 16 to 32 × 32
    #expect(waves.shape == [2, 32, 100])
    #expect(image.shape == [2, 3, 32, 32])
  }

  @Test func `a batch normalisation is trained, and evaluated`() throws {
    let graph = Graph()
    let images = graph.input("images", [2, 3, 8, 8]), x = graph.input("x", [1, 64, 4, 4])
    let batches = try Batches(rowCount: 2, batchSize: 2, seed: 1)
    let norm = BatchNorm(in: graph, "norm", channels: 64)
    let (y, updates) = norm(convolution(images, "edges", to: 64, kernel: 3, hasBias: false))
    let trainer = try Trainer(
      square(y).mean(), optimizer: Adam(), rate: .constant(0.001), batches: batches, alsoUpdating: updates)

    let predicted = norm.evaluated(x)  // in the network that predicts, of the same parameters

    #expect(predicted.shape == x.shape && y.shape == [2, 64, 6, 6])
    let pixels = (0..<384).map { Float($0 % 7) }
    try trainer.takeStep { session, _ in try session.write(pixels, to: images) }
    #expect(trainer.step == 1)
  }

  @Test func `dropouts count the steps of a training`() throws {
    let graph = Graph()
    let images = graph.input("images", [4, 16]), labels = graph.input("labels", [4], .int32)
    let batches = try Batches(rowCount: 4, batchSize: 4, seed: 1)
    let dropout = DropoutLayer(in: graph, "dropout", seed: 7)
    let hidden = dropout(relu(dense(images, "hidden", to: 128)), rate: 0.5)
    let loss = crossEntropy(logits: dense(hidden, "digits", to: 10), labels: labels)
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.001), batches: batches, alsoUpdating: dropout.updates)
    try trainer.takeSteps(until: 3) { session, _ in
      try session.write([Float](repeating: 1, count: 64), to: images)
      try session.write([1, 2, 3, 4] as [Int32], to: labels)
    }
    #expect(try bits(of: trainer)["dropout/step"] == [3, 0, 0, 0])
  }

  @Test func `noise counts the steps of a training`() throws {
    let graph = Graph()
    let images = graph.input("images", [4, 16])
    let mean = dense(images, "mean", to: 2), logVariance = dense(images, "logVariance", to: 2)
    let batches = try Batches(rowCount: 4, batchSize: 4, seed: 1)
    let noise = NoiseLayer(in: graph, "noise", seed: 7)
    let code = mean + exp(0.5 * logVariance) * noise(mean.shape)
    let loss = meanSquaredError(dense(code, "pixels", to: 16), images)
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.001), batches: batches, alsoUpdating: noise.updates)
    try trainer.takeSteps(until: 2) { session, _ in try session.write([Float](repeating: 1, count: 64), to: images) }
    #expect(try bits(of: trainer)["noise/step"] == [2, 0, 0, 0])
  }

  @Test func `embeddings read rows of a table`() {
    let vectors = embedded(Graph())
    let texts = bags(Graph())
    #expect(vectors.shape == [32, 20, 64] && texts.shape == [32, 64])
  }

  private func embedded(_ graph: Graph) -> Node {
    let words = graph.input("words", [32, 20], .int32)
    let vectors = embedding(words, "words", count: 10_000, width: 64)
    return vectors
  }

  private func bags(_ graph: Graph) -> Node {
    let words = graph.input("words", [32, 20], .int32)  // 32 texts, filled up with -1
    let texts = embeddingBag(words, "words", count: 10_000, width: 64, isMean: true, ignoring: -1)  // [32, 64]
    return texts
  }

  @Test func `cells are unrolled over frames`() {
    let gated = gatedReader(), long = longReader()
    #expect([gated.0, gated.1].map(\.shape) == [[20, 16, 64], [16, 64]])
    #expect([long.0, long.1].map(\.shape) == [[20, 16, 64], [16, 64]])
  }

  private func gatedReader() -> (Node, Node) {
    let graph = Graph(), frames = graph.input("frames", [20, 16, 8])
    let cell = GRUCell(in: graph, "reader", inputs: 8, units: 64)
    let (outputs, last) = cell.scan(over: frames)  // [20, 16, 8] to [20, 16, 64] and [16, 64]
    return (outputs, last)
  }

  private func longReader() -> (Node, Node) {
    let graph = Graph(), frames = graph.input("frames", [20, 16, 8])
    let cell = LSTMCell(in: graph, "reader", inputs: 8, units: 64)
    let (outputs, last) = cell.scan(over: frames)  // [20, 16, 8] to [20, 16, 64], and last.hidden [16, 64]
    return (outputs, last.hidden)
  }

  @Test func `attention keeps the shape of what asks`() throws {
    let graph = Graph()
    let text = graph.input("text", [2, 5, 16]), image = graph.input("image", [2, 7, 12])
    let isPatch = graph.input("isPatch", [2, 1, 1, 7])
    let seen = multiHeadAttention(text, "self", heads: 8, isCausal: true)  // [batch, time, width]
    let told = multiHeadAttention(seen, over: image, "cross", heads: 8, mask: isPatch)  // image: [batch, patches, any]
    #expect(seen.shape == [2, 5, 16] && told.shape == [2, 5, 16])
    #expect(throws: Never.self) { try Program(told) }
  }

  @Test func `layers follow one another`() {
    let images = Graph().input("images", [2, 8, 8])
    let logits = sequential(
      images,
      { relu(dense(flattened($0), "hidden", to: 128)) },
      { layerNorm($0, "norm") },
      { dense($0, "digits", to: 10) })
    #expect(logits.shape == [2, 10])
  }
}
