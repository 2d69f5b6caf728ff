import AdjointTraining
import Foundation

/// What the models are trained on: see Resources/ATTRIBUTION.md.
enum ModelData {
  /// The bytes of a poem.
  static func text() throws -> [UInt8] { [UInt8](try file("jabberwocky", "txt")) }

  static func club() throws -> Club { try JSONDecoder().decode(Club.self, from: file("karate", "json")) }

  /// Who meets whom, and which of two clubs each member joined when theirs split.
  struct Club: Decodable {
    let edges: [[Int32]]
    let clubs: [Int32]

    /// The column "clubs", of which only the two leaders' are known: the first member's and the last's.
    func knownOfLeaders() throws -> Dataset {
      let ends = [0, clubs.count - 1]
      return try Dataset(["clubs": .init(clubs.indices.map { ends.contains($0) ? clubs[$0] : -1 })])
    }
  }

  private static func file(_ name: String, _ kind: String) throws -> Data {
    let file = Bundle.module.url(forResource: name, withExtension: kind, subdirectory: "Resources")!
    return try Data(contentsOf: file)
  }
}
