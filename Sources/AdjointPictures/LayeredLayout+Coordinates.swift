extension LayeredLayout {
  private static let rowGap = 16.0, bendHeight = 10.0, leastCurve = 24.0, mostCurve = 110.0

  private func height(_ vertex: Int) -> Double { vertex < boxes.count ? boxes[vertex].height : Self.bendHeight }
  private func middle(_ vertex: Int) -> Double { vertex < boxes.count ? 0 : Self.bendHeight / 2 }

  /// Finds a height for each box and bend: as near as their order allows to where links would be level. Columns are
  /// settled one after the other, forth and back, and last of all forth, which leaves chains straight.
  mutating func placeRows() {
    tops = columns.map { _ in 0 }
    for column in order {
      var top = 0.0
      for vertex in column {
        tops[vertex] = top
        top += height(vertex) + Self.rowGap
      }
    }
    for round in 0..<13 {
      let isForward = round.isMultiple(of: 2)
      for column in isForward ? order : order.reversed() { settle(column, isForward) }
    }
    let highest = tops.min() ?? 0
    for vertex in tops.indices { tops[vertex] -= highest }
    height = tops.indices.map { tops[$0] + height($0) }.max() ?? 0
  }

  /// Least squares under the order of the column, which is isotonic regression: neighbours that would overlap are pooled
  /// and put at their mean.
  private mutating func settle(_ column: [Int], _ isForward: Bool) {
    var pools: [(place: Double, weight: Double, count: Int)] = []
    var above = 0.0
    var offsets: [Double] = []
    for vertex in column {
      offsets.append(above)
      let (wish, weight) = wish(of: vertex, isForward)
      pools.append((wish - above, weight, 1))
      above += height(vertex) + Self.rowGap
      while pools.count > 1, pools[pools.count - 2].place > pools[pools.count - 1].place {
        let last = pools.removeLast(), previous = pools.removeLast()
        let weight = last.weight + previous.weight
        pools.append(
          ((last.place * last.weight + previous.place * previous.weight) / weight, weight, last.count + previous.count))
      }
    }
    var position = 0
    for pool in pools {
      for _ in 0..<pool.count {
        tops[column[position]] = pool.place + offsets[position]
        position += 1
      }
    }
  }

  /// Where a box or bend would like to be, and how much; bends insist, so that long links are straight.
  private func wish(of vertex: Int, _ isForward: Bool) -> (top: Double, weight: Double) {
    var sum = 0.0, count = 0.0
    func add(_ other: Int, _ otherEnd: Double, _ end: Double) {
      sum += tops[other] + middle(other) + otherEnd - end - middle(vertex)
      count += 1
    }
    if isForward {
      for segment in segmentsInto[vertex].map({ segments[$0] }) { add(segment.from, segment.exit, segment.entry) }
    } else {
      for segment in segmentsOutOf[vertex].map({ segments[$0] }) { add(segment.to, segment.entry, segment.exit) }
    }
    return count == 0 ? (tops[vertex], 0.1) : (sum / count, vertex < boxes.count ? 1 : 8)
  }

  /// Finds where each column begins and ends, the corners of the boxes, and the pieces of each link.
  mutating func placeColumns() {
    var left = 0.0
    var spans: [(arrival: Double, left: Double, right: Double, stem: Double)] = []
    for column in order.indices {
      let members = order[column].filter { $0 < boxes.count }.map { boxes[$0] }
      let arrival = members.map(\.arrival).max() ?? 0, width = members.map(\.width).max() ?? 0
      let stem = members.map(\.stem).max() ?? 0
      spans.append((left, left + arrival, left + arrival + width, left + arrival + width + stem))
      self.width = spans[column].stem
      let steepest = order[column].flatMap { segmentsOutOf[$0] }.map { segments[$0] }.map {
        abs(tops[$0.from] + middle($0.from) + $0.exit - tops[$0.to] - middle($0.to) - $0.entry)
      }
      left = spans[column].stem + min(max(Self.leastCurve, 0.3 * (steepest.max() ?? 0)), Self.mostCurve)
    }
    for (index, box) in boxes.enumerated() {
      let span = spans[columns[index]]
      let slack = span.right - span.left - box.width
      corners[index] = Point(x: span.left + (box.entries.isEmpty ? slack : slack / 2), y: tops[index])
    }
    for (index, link) in links.enumerated() {
      let start = tops[link.from] + boxes[link.from].exits[link.exit]
      let end = tops[link.to] + boxes[link.to].entries[link.entry]
      var route = [
        Point(x: corners[link.from].x + boxes[link.from].width, y: start),
        Point(x: spans[columns[link.from]].stem, y: start),
      ]
      for bend in chains[index].dropFirst().dropLast() {
        let span = spans[columns[bend]]
        route += [span.arrival, span.stem].map { Point(x: $0, y: tops[bend] + middle(bend)) }
      }
      routes[index] =
        route + [
          Point(x: spans[columns[link.to]].arrival, y: end), Point(x: corners[link.to].x, y: end),
        ]
    }
  }
}
