import Adjoint
import AdjointTraining
import Testing

extension SnippetTests {
  @Test func `batches are prepared ahead`() async throws {
    let images = try Dataset(["x": Dataset.Column((0..<20).map(Float.init), rowShape: [1])])
    let graph = Graph(), x = graph.input("x", [4, 1])
    let loss = square(dense(x, "line", to: 1)).mean()
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.001), batches: images.batches(of: 4, seed: 1))
    @Sendable func augmented(_ batch: Dataset, seed: Int) throws -> Dataset { batch }
    let loader = try DataLoader(images, from: trainer.batches, ahead: 2) { batch, number in
      try augmented(batch, seed: number)  // runs on the executor, several batches at once
    }
    for try await batch in loader.prefix(100) {
      try await trainer.takeStep { session, _ in try batch.feed(session) }
    }
    #expect(trainer.step == 100)
  }

  @Test func `rows are read from a file, and split`() throws {
    let folder = try TemporaryFolder(), rows = (0..<10).map { row in (0...64).map { "\(row + $0)" } }
    let text = rows.map { $0.joined(separator: ",") }.joined(separator: "\n")
    try write([UInt8](text.utf8), to: folder.file("optdigits.csv"))
    #expect(try read(folder.file("optdigits.csv")).count == 10)

    let pixels = [Float](repeating: 0.5, count: 64 * 10), labels = [Int32](repeating: 1, count: 10)
    let digits = try Dataset([
      "images": Dataset.Column(pixels, rowShape: [64]), "labels": Dataset.Column(labels),
    ])
    let (training, test) = try digits.split(holdingOut: 0.2, seed: 1)
    #expect(training.count == 8 && test.count == 2)
  }

  private func read(_ path: String) throws -> Dataset {
    let digits = try Dataset(
      csv: path, columns: ["images": .numbers(0..<64, scale: 1 / 16), "labels": .label(64)])
    return digits
  }

  // Only compiled: the files are somebody's.

  private func readArray() throws -> [Float] {
    let images = try NumPyArray(opening: "images.npy")  // [60000, 28, 28] of |u1
    let pixels = try images.elements(as: Float.self)
    return pixels
  }

  private func readArchive() throws -> NumPyArray {
    let digits = try NumPyArchive(opening: "mnist.npz")
    let images = try digits.array("x_train")
    return images
  }

  private func readTensors() throws {
    let file = try TensorFile(opening: "digits.safetensors")
    for tensor in file.tensors { print(tensor.name, tensor.type, tensor.dimensions) }
  }

  private func loadParameters(for predictor: Program) throws -> Session {
    let weights = try ParameterStore(loading: "digits.safetensors", for: predictor)
    let session = predictor.makeSession(parameters: weights)
    return session
  }

  @Test func `parameters stand under other names in a file`() {
    let options = LoadingOptions(renaming: ["hidden/weights": .transposed("fc1.weight"), "hidden/bias": "fc1.bias"])
    #expect(options.storedName("hidden/bias") == "fc1.bias")
    #expect(options.storedName("hidden/weights") == .transposed("fc1.weight"))
  }
}
