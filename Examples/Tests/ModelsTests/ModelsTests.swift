import Adjoint
import AdjointTraining
import DigitNetworks
import Foundation
import Testing

@testable import Models

/// The three models are those of Benchmarks/models in PyTorch, and they learn.
///
/// What PyTorch counts and computes is printed by Benchmarks/models/check.py, run by a Python that has it.
@Suite struct ModelsTests {
  /// The loss of a network whose parameter number k has at its place i the value sin(i + 100 k) / 2, and how many
  /// numbers its parameters are.
  private func run(_ loss: Node, feed: (Session) throws -> Void) throws -> (loss: Double, parameterCount: Int) {
    let session = try Program(loss).makeSession()
    var parameterCount = 0
    for (number, parameter) in loss.graph.parameters.enumerated() {
      let places = 0..<parameter.shape.elementCount
      try session.write(places.map { Float(sin(Double($0) + 100 * Double(number)) / 2) }, to: parameter)
      parameterCount += places.count
    }
    try feed(session)
    try session.forward()
    return (try session.read(loss), parameterCount)
  }

  private func digits() throws -> Dataset {
    try Dataset(csv: DigitImages.file, columns: ["images": .numbers(0..<64, scale: 1 / 16)])
  }

  // MARK: the same as in PyTorch

  // Sums of float32 in other orders than PyTorch's: some ten roundings of 6e-8, relative to the loss.
  private static let tolerance = 2e-6

  @Test func `the decoder has the parameters and the loss of PyTorch's`() throws {
    let model = GPT()
    let text = try ModelData.text().map { Int32($0) }
    let graph = Graph()
    let tokens = graph.input("tokens", [4, 32], .int32)
    let next = graph.input("next", [4, 32], .int32)
    let result = try run(crossEntropy(logits: model.logits(tokens), labels: next)) { session in
      try session.write((0..<4).flatMap { text[$0..<$0 + 32] }, to: tokens)
      try session.write((1..<5).flatMap { text[$0..<$0 + 32] }, to: next)
    }
    #expect(result.parameterCount == 118_656)
    #expect(abs(result.loss / 4.8383102 - 1) < Self.tolerance, "\(result.loss)")
  }

  @Test func `the autoencoder has the parameters and the loss of PyTorch's, without noise`() throws {
    let graph = Graph()
    let images = graph.input("images", [4, 64])
    let loss = VAE().loss(images, NoiseLayer(in: graph, "noise", isTraining: false))
    let result = try run(loss) { try digits().feed($0, rows: [0, 1, 2, 3]) }
    #expect(result.parameterCount == 19_792)
    #expect(abs(result.loss / 52.6484718 - 1) < Self.tolerance, "\(result.loss)")
  }

  @Test func `the graph network has the parameters and the loss of PyTorch's`() throws {
    let club = try ModelData.club()
    let graph = Graph()
    let clubs = graph.input("clubs", [34], .int32)
    let logits = GraphNetwork(memberCount: 34, edges: club.edges).logits(in: graph)
    let loss = crossEntropy(logits: logits, labels: clubs, ignoring: -1, reduction: .mean)
    let result = try run(loss) { try club.knownOfLeaders().feed($0) }
    #expect(result.parameterCount == 594)
    #expect(abs(result.loss / 0.7298136 - 1) < Self.tolerance, "\(result.loss)")
  }

  // MARK: they learn

  @Test func `the decoder learns a poem`() throws {
    let trainer = try GPT().trained(on: ModelData.text(), steps: 100)
    let loss = try trainer.session.read(trainer.loss)
    #expect(loss < 1.5, "it begins at log 128 = 4.85: \(loss)")
  }

  @Test func `the autoencoder learns digits`() throws {
    let trainer = try VAE().trained(on: digits(), steps: 400)
    let loss = try trainer.session.read(trainer.loss)
    #expect(loss < 32, "64 pixels of even odds are 64 log 2 = 44.4: \(loss)")
  }

  @Test func `the graph network tells the clubs apart from two members`() throws {
    let club = try ModelData.club()
    let network = GraphNetwork(memberCount: 34, edges: club.edges)
    let trainer = try network.trained(on: club.knownOfLeaders(), steps: 200)
    #expect(try trainer.session.read(trainer.loss) < 0.05)
    let chosen = try network.chosenClubs(with: trainer.session.parameters)
    #expect(zip(chosen, club.clubs).count { $0 == $1 } >= 30, "of 34, with 17 in each club")
  }
}
