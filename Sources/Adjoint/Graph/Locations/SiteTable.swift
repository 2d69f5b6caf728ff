/// Where the user's program made a node: at which line, and in which scope of the graph.
struct Site: Hashable, Sendable {
  let location: PackedLocation
  let scope: UInt32
}

/// The distinct sites of a graph, each under a number: a loop makes a million nodes at a few of them.
struct SiteTable: Sendable {
  private var sites: [Site] = []
  private var numbers: [Site: UInt32] = [:]
  /// Sites asked for lately, by their hash: looking one up in `numbers` costs as much as adding a node.
  private var recent = [UInt32](repeating: 0, count: 64)  // Decisions/Memory.md

  subscript(number: UInt32) -> Site { sites[Int(number)] }

  /// - Complexity: O(1).
  mutating func number(of site: Site) -> UInt32 {
    let hash = (site.location.bits ^ UInt64(site.scope) << 40) &* 0x9E37_79B9_7F4A_7C15
    let seat = Int(hash >> 58)
    let guess = Int(recent[seat])
    if guess < sites.count, sites[guess] == site { return UInt32(guess) }
    let number = numbers[site] ?? UInt32(sites.count)
    if number == sites.count {
      sites.append(site)
      numbers[site] = number
    }
    recent[seat] = number
    return number
  }
}

/// Where a node comes from, in 32 bits: the number of a site for the user's own nodes; for one of a derivative the node
/// that it was made for, whose site it shares.
struct NodeSource: Hashable, Sendable, BitwiseCopyable {
  private let bits: UInt32
  private static let gradientBit: UInt32 = 1 << 31
  private static let tangentBit: UInt32 = 1 << 30

  static func site(_ number: UInt32) -> NodeSource { NodeSource(bits: number) }
  static func gradient(of node: NodeID) -> NodeSource { NodeSource(bits: node.index | gradientBit) }
  static func tangent(of node: NodeID) -> NodeSource { NodeSource(bits: node.index | tangentBit) }

  var isGradient: Bool { bits & Self.gradientBit != 0 }
  var isTangent: Bool { bits & Self.tangentBit != 0 }
  /// The node that a node of a derivative was made for.
  var forwardNode: NodeID? {
    isGradient || isTangent ? NodeID(index: bits & ~(Self.gradientBit | Self.tangentBit)) : nil
  }
  /// The site of one of the user's own nodes.
  var siteNumber: UInt32 { bits }
}
