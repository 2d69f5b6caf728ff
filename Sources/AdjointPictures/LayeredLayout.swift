/// Places boxes in columns so that links run from left to right, after Sugiyama, Tagawa and Toda, *Methods for Visual
/// Understanding of Hierarchical System Structures* (1981): columns, order within each, heights.
///
/// It knows sizes, and where on a box links begin and end. It does not know graphs, numbers or SVG. The same boxes and
/// links always give the same layout.
///
/// - Complexity: O(boxes + links × columns they cross), and that times the logarithm for sorting.
struct LayeredLayout {
  struct Box {
    var width = 0.0, height = 0.0
    /// How far below the upper edge links end and begin.
    var entries: [Double] = [], exits: [Double] = []
    /// Room for writing on a link where it leaves the box, and where it arrives.
    var stem = 0.0, arrival = 0.0
    var side = Side.anywhere
  }
  /// Where a box must stand: what comes into or goes out of the picture does so at its edges.
  enum Side { case anywhere, leftEdge, rightEdge }

  struct Link {
    let from: Int, exit: Int
    let to: Int, entry: Int
  }

  struct Point: Equatable {
    var x: Double, y: Double
  }

  let boxes: [Box]
  let links: [Link]

  /// The upper left corner of each box.
  var corners: [Point]
  /// For each link the ends of its level pieces, two points a piece; curves join the pieces.
  var routes: [[Point]]
  var width = 0.0, height = 0.0

  /// The column of each box, and after them of each bend of a link that crosses columns.
  var columns: [Int]
  /// For each link the box it leaves, the bends in the columns it crosses, and the box it enters.
  var chains: [[Int]] = []
  /// The boxes and bends of each column, from top to bottom.
  var order: [[Int]] = []
  /// The upper edge of each box and bend.
  var tops: [Double] = []
  /// What joins boxes and bends of neighbouring columns.
  var segments: [Segment] = []
  var segmentsInto: [[Int]] = [], segmentsOutOf: [[Int]] = []

  struct Segment {
    let from: Int, to: Int
    /// The end's distance from the upper edge.
    let exit: Double, entry: Double
    /// The same as a share of the box, between 0 and 1, for ordering.
    let exitShare: Double, entryShare: Double
  }

  init(_ boxes: [Box], _ links: [Link]) {
    self.boxes = boxes
    self.links = links
    corners = boxes.map { _ in Point(x: 0, y: 0) }
    routes = links.map { _ in [] }
    columns = Self.columns(boxes, links)
    bendLongLinks()
    orderColumns()
    placeRows()
    placeColumns()
  }

  /// One more than the column of everything before; what nothing comes before stands right beside its first reader.
  private static func columns(_ boxes: [Box], _ links: [Link]) -> [Int] {
    let successors = acyclicSuccessors(boxes.count, links)
    var waits = [Int](repeating: 0, count: boxes.count)
    for target in successors.joined() { waits[target] += 1 }
    let isSource = waits.map { $0 == 0 }
    let first = boxes.contains { $0.side == .leftEdge } ? 1 : 0
    var columns = boxes.map { $0.side == .leftEdge ? 0 : first }
    var ready = waits.indices.filter { waits[$0] == 0 }
    var done = 0
    while done < ready.count {
      let box = ready[done]
      done += 1
      for target in successors[box] {
        columns[target] = max(columns[target], columns[box] + 1)
        waits[target] -= 1
        if waits[target] == 0 { ready.append(target) }
      }
    }
    for box in boxes.indices where isSource[box] && boxes[box].side == .anywhere {
      if let nearest = successors[box].map({ columns[$0] }).min() { columns[box] = max(nearest - 1, first) }
    }
    let last = boxes.indices.filter { boxes[$0].side != .rightEdge }.map { columns[$0] }.max() ?? 0
    for box in boxes.indices where boxes[box].side == .rightEdge { columns[box] = last + 1 }
    return columns
  }

  /// The targets of each box's links, without those that would close a cycle, as links between scopes may.
  private static func acyclicSuccessors(_ count: Int, _ links: [Link]) -> [[Int]] {
    var successors = [[Int]](repeating: [], count: count)
    for link in links where link.from != link.to { successors[link.from].append(link.to) }
    var state = [UInt8](repeating: 0, count: count)  // 1 while on the path, 2 when left
    var kept = [[Int]](repeating: [], count: count)
    for root in 0..<count where state[root] == 0 {
      var path = [(box: root, next: 0)]
      state[root] = 1
      while let (box, next) = path.last {
        guard next < successors[box].count else {
          state[box] = 2
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let target = successors[box][next]
        if state[target] == 1 { continue }
        kept[box].append(target)
        if state[target] == 0 {
          state[target] = 1
          path.append((target, 0))
        }
      }
    }
    return kept
  }

  /// Gives links that cross columns a bend in each; links from one exit share theirs, as branches of one stem.
  private mutating func bendLongLinks() {
    struct Bend: Hashable {
      let from: Int, exit: Int, column: Int
    }
    struct Ends: Hashable {
      let from: Int, to: Int, exit: Double, entry: Double
    }
    var bends: [Bend: Int] = [:]
    var known: Set<Ends> = []
    for link in links {
      var chain = [link.from]
      for column in stride(from: columns[link.from] + 1, to: columns[link.to], by: 1) {
        let bend = Bend(from: link.from, exit: link.exit, column: column)
        if bends[bend] == nil {
          bends[bend] = columns.count
          columns.append(column)
        }
        chain.append(bends[bend]!)
      }
      chain.append(link.to)
      chains.append(chain)
      guard columns[link.from] < columns[link.to] else { continue }
      let box = boxes[link.from], target = boxes[link.to]
      for (from, to) in zip(chain, chain.dropFirst()) {
        let exit = from == link.from ? box.exits[link.exit] : 0, entry = to == link.to ? target.entries[link.entry] : 0
        guard known.insert(Ends(from: from, to: to, exit: exit, entry: entry)).inserted else { continue }
        segments.append(
          Segment(
            from: from, to: to, exit: exit, entry: entry,
            exitShare: from == link.from ? exit / max(box.height, 1) : 0.5,
            entryShare: to == link.to ? entry / max(target.height, 1) : 0.5))
      }
    }
    segmentsInto = columns.map { _ in [] }
    segmentsOutOf = columns.map { _ in [] }
    for (index, segment) in segments.enumerated() {
      segmentsInto[segment.to].append(index)
      segmentsOutOf[segment.from].append(index)
    }
  }
}
