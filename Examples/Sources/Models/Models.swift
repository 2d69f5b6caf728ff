import Adjoint
import AdjointTraining
import DigitNetworks
import Shared

/// Trains three networks for a few seconds each: one that writes, one that draws digits, and one that knows who
/// befriends whom.
@main enum Models {
  static func main() throws {
    let text = try ModelData.text()
    let writer = try GPT().trained(on: text, steps: 300)
    try report("GPT-like decoder", writer)
    print(try continued(text.prefix(32), by: GPT(), with: writer.session.parameters))

    let digits = try Dataset(csv: DigitImages.file, columns: ["images": .numbers(0..<64, scale: 1 / 16)])
    try report("variational autoencoder", VAE().trained(on: digits, steps: 500))

    let club = try ModelData.club()
    let network = GraphNetwork(memberCount: club.clubs.count, edges: club.edges)
    let trainer = try network.trained(on: club.knownOfLeaders(), steps: 200)
    try report("graph network", trainer)
    let chosen = try network.chosenClubs(with: trainer.session.parameters)
    let right = zip(chosen, club.clubs).count { $0 == $1 }
    print("clubs of \(right) of \(club.clubs.count) members known, from those of two")
  }

  private static func report(_ name: String, _ trainer: Trainer) throws {
    let parameters = trainer.loss.graph.parameters.reduce(0) { $0 + $1.shape.elementCount }
    let loss = try trainer.session.read(trainer.loss)
    print("\(name): \(parameters) parameters, loss \(loss.fixed(4)) after \(trainer.step) steps")
  }

  /// How a text goes on, each time by the byte that is likeliest.
  private static func continued(
    _ start: ArraySlice<UInt8>, by model: GPT, with parameters: ParameterStore, bytes: Int = 96
  ) throws -> String {
    let tokens = Graph().input("tokens", [1, model.context], .int32)
    let next = model.logits(tokens)[0, -1].argmax()
    let session = try Program(next).makeSession(parameters: parameters)
    var text = Array(start)
    for _ in 0..<bytes {
      try session.write(text.suffix(model.context).map { Int32($0) }, to: tokens)
      try session.forward()
      text.append(UInt8(try session.read(next, as: Int32.self)[0]))
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension GraphNetwork {
  /// The club that each member joins, as the network has it.
  func chosenClubs(with parameters: ParameterStore) throws -> [Int32] {
    let clubs = logits(in: Graph()).argmax()
    let session = try Program(clubs).makeSession(parameters: parameters)
    try session.forward()
    return try session.read(clubs, as: Int32.self)
  }
}
