import DependencyScheduling
import Testing

@testable import AdjointPictures

/// Where boxes stand and lines run, whatever they mean.
@Suite(.timeLimit(.minutes(20))) struct LayeredLayoutTests {
  private typealias Box = LayeredLayout.Box
  private typealias Link = LayeredLayout.Link

  private static func box(_ size: Double = 40) -> Box {
    Box(width: size, height: size, entries: [size / 2], exits: [size / 2], stem: 20, arrival: 10)
  }

  private static func link(_ from: Int, _ to: Int) -> Link { Link(from: from, exit: 0, to: to, entry: 0) }

  /// Each box but the first reads from one or two before it.
  private static func random(_ seed: UInt64, count: Int) -> LayeredLayout {
    var random = SeededGenerator(seed: seed)
    let links = (1..<count).flatMap { to in
      (0...random.index(below: 2)).map { _ in link(random.index(below: to), to) }
    }
    return LayeredLayout((0..<count).map { _ in box(Double(20 + random.index(below: 60))) }, links)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `boxes do not overlap, and links run from left to right between them`(seed: UInt64) {
    let layout = Self.random(seed, count: 40)
    for (index, box) in layout.boxes.enumerated() {
      let corner = layout.corners[index]
      #expect(corner.x >= 0 && corner.y >= 0)
      #expect(corner.x + box.width <= layout.width && corner.y + box.height <= layout.height + 1e-9)
      for other in 0..<index {
        let isApart =
          corner.x >= layout.corners[other].x + layout.boxes[other].width
          || layout.corners[other].x >= corner.x + box.width
          || corner.y >= layout.corners[other].y + layout.boxes[other].height
          || layout.corners[other].y >= corner.y + box.height
        #expect(isApart, "boxes \(other) and \(index) overlap")
      }
    }
    for (link, route) in zip(layout.links, layout.routes) {
      #expect(zip(route, route.dropFirst()).allSatisfy { $0.x <= $1.x })
      #expect(route.count.isMultiple(of: 2))
      for piece in stride(from: 0, to: route.count, by: 2) { #expect(route[piece].y == route[piece + 1].y) }
      let from = layout.corners[link.from], to = layout.corners[link.to]
      #expect(route.first?.x == from.x + layout.boxes[link.from].width && route.last?.x == to.x)
      #expect(route.first?.y == from.y + layout.boxes[link.from].exits[0])
      #expect(route.last?.y == to.y + layout.boxes[link.to].entries[0])
    }
  }

  @Test func `the same boxes and links have the same layout`() {
    let first = Self.random(3, count: 60), again = Self.random(3, count: 60)
    #expect(first.corners == again.corners && first.routes == again.routes)
  }

  @Test func `a chain is a straight line`() {
    let sizes = [40.0, 20, 60, 30, 40]
    let layout = LayeredLayout(sizes.map { Self.box($0) }, (1..<5).map { Self.link($0 - 1, $0) })
    #expect(Set(layout.routes.flatMap { $0.map(\.y) }).count == 1)
  }

  @Test func `lines that need not cross do not`() {
    // Two chains side by side whose boxes come in turns, the second one's in the other order.
    let links = [(0, 3), (1, 2), (3, 4), (2, 5)].map { Self.link($0.0, $0.1) }
    let layout = LayeredLayout((0..<6).map { _ in Self.box() }, links)
    let heights = layout.corners.map(\.y)
    #expect((heights[0] < heights[1]) == (heights[3] < heights[2]))
    #expect((heights[3] < heights[2]) == (heights[4] < heights[5]))
  }

  @Test func `links that close a cycle are drawn, and the others run to the right`() {
    let layout = LayeredLayout((0..<3).map { _ in Self.box() }, [(0, 1), (1, 2), (2, 0)].map { Self.link($0.0, $0.1) })
    #expect(layout.corners[0].x < layout.corners[1].x && layout.corners[1].x < layout.corners[2].x)
    #expect(layout.routes.allSatisfy { $0.count == 4 })
  }

  @Test func `what enters and leaves stands at the edges`() {
    var boxes = (0..<3).map { _ in Self.box() }
    boxes.append(Box(exits: [0], side: .leftEdge))
    boxes.append(Box(entries: [0], side: .rightEdge))
    let layout = LayeredLayout(boxes, [(3, 1), (0, 1), (1, 2), (0, 4)].map { Self.link($0.0, $0.1) })
    #expect(layout.corners[3].x == 0 && layout.corners[4].x == layout.width)
    #expect(layout.corners[0].x > 0)
  }
}
