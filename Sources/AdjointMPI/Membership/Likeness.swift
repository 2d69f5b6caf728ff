internal import Kernels

/// What the bits of a training depend on, which must be the same on all ranks: names, and their values as text.
struct Likeness: Hashable, Sendable {
  let facts: [String: String]

  /// What belongs to the process, whatever it trains. Vector units may differ: they give the same bits.
  static var ofProcess: Likeness {
    var facts = ["Adjoint": Self.version, "matrix products": MatmulPlan.productLibrary]
    #if DEBUG
      facts["build"] = "debug"
    #else
      facts["build"] = "release"
    #endif
    #if Jemalloc
      facts["trait Jemalloc"] = "on"
    #else
      facts["trait Jemalloc"] = "off"
    #endif
    return Likeness(facts: facts)
  }

  /// Counted on whenever the bits of any gate, initializer or sum change.
  private static let version = "1"  // Decisions/Cluster.md

  var bytes: [UInt8] { TextTable.bytes(facts) }

  init(facts: [String: String]) { self.facts = facts }

  /// - Throws: ``ClusterError/unlike(rank:_:)`` with all the differences of the first rank that is not like rank 0.
  static func compare(_ parts: [[UInt8]]) throws(ClusterError) {
    let first = TextTable.table(parts[0][...]) ?? [:]
    for (rank, part) in parts.enumerated() where part != parts[0] {
      let other = TextTable.table(part[...]) ?? [:]
      let differences = Set(first.keys).union(other.keys).sorted().filter { first[$0] != other[$0] }.map { name in
        "\(name): \(other[name] ?? "nothing"), and \(first[name] ?? "nothing") on rank 0"
      }
      throw .unlike(rank: rank, differences)
    }
  }
}
