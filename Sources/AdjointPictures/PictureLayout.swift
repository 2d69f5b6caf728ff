/// A picture with places: where every gate, box, line and word stands, in pixels.
struct PictureLayout {
  typealias Point = LayeredLayout.Point

  struct Frame {
    var x = 0.0, y = 0.0, width = 0.0, height = 0.0
    var centre: Point { Point(x: x + width / 2, y: y + height / 2) }
  }

  /// A flow, or a branch of one, within one open box.
  struct Line {
    let points: [Point]
    let flow: Int
    /// The gate or box it ends at; `nil` where it leaves through the edge of the open box.
    let to: Int?
    /// What is sent back over this branch of a copy gate.
    var sent: String?
  }

  /// Where a flow begins, with what is written there.
  struct Stem {
    let start: Point
    let words: PictureWords.Stem
  }

  let picture: Picture
  let words: PictureWords
  /// The place of each item.
  private(set) var frames: [Frame]
  private(set) var lines: [Line] = []
  private(set) var stems: [Stem] = []
  /// Where lines part: a copy gate forward, an adder backward.
  private(set) var forks: [Point] = []

  /// The boxes' layouts, until they are put into one another.
  private var levels: [Int: Level] = [:]
  private struct Level {
    let layout: LayeredLayout
    let pieces: [PictureLevel.Piece]
    let contents: PictureLevel
  }

  private static let margin = 14.0, titleHeight = 22.0

  init(_ picture: Picture, _ words: PictureWords) {
    self.picture = picture
    self.words = words
    frames = picture.items.map { _ in Frame() }
    var contents = PictureLevel.levels(of: picture)
    for item in picture.items.indices.reversed() {
      if let level = contents.removeValue(forKey: item) { arrange(item, level) } else { measure(item) }
    }
    place(0, at: Point(x: 0, y: 0))
  }

  // MARK: sizes, from the innermost on

  private mutating func measure(_ item: Int) {
    let size = words.size(of: item)
    frames[item].width = size.width
    frames[item].height = max(size.height, 17 * Double(entryCount(item)))
  }

  private func entryCount(_ item: Int) -> Int { max(picture.items[item].entryCount, 1) }

  private mutating func arrange(_ item: Int, _ level: PictureLevel) {
    var boxes = level.children.map { child -> LayeredLayout.Box in
      var box = LayeredLayout.Box(width: frames[child].width, height: frames[child].height)
      if let inner = levels[child] {
        box.entries = inner.contents.entering.indices.map { portHeight(inner, inner.contents.children.count + $0) }
        let first = inner.contents.children.count + inner.contents.entering.count
        box.exits = inner.contents.leaving.indices.map { portHeight(inner, first + $0) }
        box.stem = 6
      } else {
        let count = level.entryCounts[child] ?? 0
        box.entries = (0..<count).map { box.height / 2 + (Double($0) - Double(count - 1) / 2) * 17 }
        box.exits = [box.height / 2]
        if let flow = level.flowOf[child] { box.stem = words.stem(of: flow).width + 12 }
      }
      return box
    }
    boxes += level.entering.map { _ in LayeredLayout.Box(exits: [0], stem: 6, side: .leftEdge) }
    boxes += level.leaving.map { _ in LayeredLayout.Box(entries: [0], side: .rightEdge) }
    for piece in level.pieces where piece.to < level.children.count {
      let width = piece.sent(words).map { PictureWords.width(of: $0, size: 11) + 14 } ?? 12
      boxes[piece.to].arrival = max(boxes[piece.to].arrival, width)
    }
    let layout = LayeredLayout(
      boxes,
      level.pieces.map { LayeredLayout.Link(from: $0.from, exit: $0.exit, to: $0.to, entry: $0.entry) })
    levels[item] = Level(layout: layout, pieces: level.pieces, contents: level)
    frames[item].width = max(layout.width + 2 * Self.margin, words.size(of: item).width + 2 * Self.margin)
    frames[item].height = layout.height + 2 * Self.margin + (item == 0 ? 0 : Self.titleHeight)
  }

  /// How far below the upper edge of an open box a line passes through its side.
  private func portHeight(_ level: Level, _ port: Int) -> Double {
    level.layout.corners[port].y + Self.titleHeight + Self.margin
  }

  // MARK: places, from the outermost in

  private mutating func place(_ root: Int, at corner: Point) {
    frames[root].x = corner.x
    frames[root].y = corner.y
    var open = [root]
    while let item = open.popLast() {
      guard let level = levels[item] else { continue }
      let origin = Point(
        x: frames[item].x + Self.margin,
        y: frames[item].y + Self.margin + (item == 0 ? 0 : Self.titleHeight))
      for (child, corner) in zip(level.contents.children, level.layout.corners) {
        frames[child].x = origin.x + corner.x
        frames[child].y = origin.y + corner.y
        open.append(child)
      }
      draw(level, in: frames[item], from: origin)
    }
  }

  private mutating func draw(_ level: Level, in frame: Frame, from origin: Point) {
    let childCount = level.contents.children.count
    let firstExit = childCount + level.contents.entering.count
    var branches: [PictureLevel.Source: Int] = [:]
    for piece in level.pieces { branches[piece.source, default: 0] += 1 }
    var begun: Set<PictureLevel.Source> = []
    for (piece, route) in zip(level.pieces, level.layout.routes) {
      var points = route.map { Point(x: $0.x + origin.x, y: $0.y + origin.y) }
      if piece.from >= childCount { points[0].x = frame.x }
      if piece.to >= firstExit { points[points.count - 1].x = frame.x + frame.width }
      let to = piece.to < childCount ? level.contents.children[piece.to] : nil
      lines.append(Line(points: points, flow: piece.flow, to: to, sent: piece.sent(words)))
      guard begun.insert(piece.source).inserted else { continue }
      let isLeaf = piece.from < childCount && levels[level.contents.children[piece.from]] == nil
      if isLeaf { stems.append(Stem(start: points[0], words: words.stem(of: piece.flow))) }
      if branches[piece.source]! > 1, picture.flows[piece.flow].drawn != nil { forks.append(points[1]) }
    }
  }
}
