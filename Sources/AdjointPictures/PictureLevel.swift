/// What stands right within one open box: its children, the flows that come in and go out through its sides, and the
/// pieces of links between them.
struct PictureLevel {
  /// One piece of one or more links, between two children or a child and a side. Numbers count the children first, then
  /// what comes in, then what goes out.
  struct Piece {
    let flow: Int
    let from: Int, exit: Int
    let to: Int, entry: Int
    /// The links that run over it.
    var links: [Int]
    /// Whether it ends at a gate or closed box and the flow has other branches.
    var isBranch = false

    var source: Source { Source(from: from, exit: exit) }

    /// What is sent back over it, if that is but a part of the flow's gradient.
    func sent(_ words: PictureWords) -> String? { isBranch ? words.sent(over: links[0]) : nil }
  }
  struct Source: Hashable {
    let from: Int, exit: Int
  }

  var children: [Int]
  var entering: [Int] = [], leaving: [Int] = []
  var pieces: [Piece] = []
  /// How many links end at each child that is no open box, and the flow that leaves it.
  var entryCounts: [Int: Int] = [:]
  var flowOf: [Int: Int] = [:]

  /// The level of each open box.
  ///
  /// - Complexity: O(items + links × depth of the scopes).
  static func levels(of picture: Picture) -> [Int: PictureLevel] {
    var levels: [Int: PictureLevel] = [:]
    for (index, item) in picture.items.enumerated() {
      if case .open = item.kind { levels[index] = PictureLevel(children: item.children) }
    }
    var hops: [Hop: Int] = [:]
    var order: [(hop: Hop, links: [Int])] = []
    for (index, link) in picture.links.enumerated() {
      for hop in Self.hops(of: link, in: picture) {
        if let known = hops[hop] {
          order[known].links.append(index)
        } else {
          hops[hop] = order.count
          order.append((hop, [index]))
        }
      }
    }
    for (hop, _) in order {
      if hop.from == nil, levels[hop.level]!.entering.contains(hop.flow) == false {
        levels[hop.level]!.entering.append(hop.flow)
      }
      if hop.to == nil, levels[hop.level]!.leaving.contains(hop.flow) == false {
        levels[hop.level]!.leaving.append(hop.flow)
      }
    }
    let branches = picture.linkCounts()
    for (hop, links) in order { add(hop, links, isForked: branches[hop.flow] > 1, picture, &levels) }
    return levels
  }

  /// A step of a link within the box `level`, between children; `nil` is a side of the box.
  private struct Hop: Hashable {
    let level: Int, flow: Int
    let from: Int?, to: Int?
    let entry: Int?
  }

  private static func hops(of link: Picture.Link, in picture: Picture) -> [Hop] {
    func path(_ item: Int) -> [Int] {
      var path = [item]
      while path.last! != 0 { path.append(picture.items[path.last!].parent) }
      return path.reversed()
    }
    let source = path(picture.flows[link.flow].from), target = path(link.to)
    let common = zip(source, target).prefix { $0 == $1 }.count
    var hops: [Hop] = []
    for depth in stride(from: source.count - 1, to: common, by: -1) {
      hops.append(Hop(level: source[depth - 1], flow: link.flow, from: source[depth], to: nil, entry: nil))
    }
    func entry(_ depth: Int) -> Int? { depth == target.count - 1 ? link.entry : nil }
    hops.append(
      Hop(
        level: source[common - 1], flow: link.flow, from: source[common], to: target[common], entry: entry(common)))
    for depth in stride(from: common + 1, to: target.count, by: 1) {
      hops.append(Hop(level: target[depth - 1], flow: link.flow, from: nil, to: target[depth], entry: entry(depth)))
    }
    return hops
  }

  private static func add(
    _ hop: Hop, _ links: [Int], isForked: Bool, _ picture: Picture, _ levels: inout [Int: PictureLevel]
  ) {
    let level = levels[hop.level]!
    var from = 0, exit = 0, to = 0, entry = 0, isBranch = false
    if let child = hop.from {
      from = level.children.firstIndex(of: child)!
      exit = levels[child]?.leaving.firstIndex(of: hop.flow) ?? 0
      if levels[child] == nil { levels[hop.level]!.flowOf[child] = hop.flow }
    } else {
      from = level.children.count + level.entering.firstIndex(of: hop.flow)!
    }
    if let child = hop.to {
      to = level.children.firstIndex(of: child)!
      if let inner = levels[child] {
        entry = inner.entering.firstIndex(of: hop.flow)!
      } else {
        let count = levels[hop.level]!.entryCounts[child] ?? 0
        entry = hop.entry ?? count
        levels[hop.level]!.entryCounts[child] = max(count, entry + 1)
        isBranch = isForked && picture.flows[hop.flow].values.count == 1
      }
    } else {
      to = level.children.count + level.entering.count + level.leaving.firstIndex(of: hop.flow)!
    }
    levels[hop.level]!.pieces.append(
      Piece(flow: hop.flow, from: from, exit: exit, to: to, entry: entry, links: links, isBranch: isBranch))
  }
}
