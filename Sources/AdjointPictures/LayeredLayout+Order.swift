extension LayeredLayout {
  /// Orders each column so that few links cross: every box goes to the mean place of what it is linked with, column
  /// after column, forth and back; the best of some rounds is kept.
  mutating func orderColumns() {
    order = [[Int]](repeating: [], count: (columns.max() ?? -1) + 1)
    for (vertex, column) in columns.enumerated() { order[column].append(vertex) }
    var places = [Double](repeating: 0, count: columns.count)
    for column in order.indices { note(column, in: &places) }
    var best = order
    var fewest = crossings(places)
    for round in 0..<8 where fewest > 0 {
      let isForward = round.isMultiple(of: 2)
      for column in isForward ? Array(order.indices) : order.indices.reversed() {
        let keys = order[column].map { vertex in
          (isForward ? segmentsInto : segmentsOutOf)[vertex].isEmpty
            ? places[vertex] : meanPlace(beside: vertex, isForward, places)
        }
        let sorted = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
        order[column] = sorted.map { order[column][$0] }
        note(column, in: &places)
      }
      let count = crossings(places)
      if count < fewest { (best, fewest) = (order, count) }
    }
    order = best
  }

  private func note(_ column: Int, in places: inout [Double]) {
    for (place, vertex) in order[column].enumerated() { places[vertex] = Double(place) }
  }

  private func meanPlace(beside vertex: Int, _ isForward: Bool, _ places: [Double]) -> Double {
    let ends = (isForward ? segmentsInto : segmentsOutOf)[vertex].map { segments[$0] }
    let sum = ends.reduce(0) {
      $0 + (isForward ? places[$1.from] + $1.exitShare - $1.entryShare : places[$1.to] + $1.entryShare - $1.exitShare)
    }
    return sum / Double(ends.count)
  }

  /// How many pairs of segments between neighbouring columns cross: the inversions of their ends.
  private func crossings(_ places: [Double]) -> Int {
    var count = 0
    for column in order {
      var ends: [(from: Double, to: Double)] = []
      for vertex in column {
        for segment in segmentsOutOf[vertex].map({ segments[$0] }) {
          ends.append((places[vertex] + segment.exitShare, places[segment.to] + segment.entryShare))
        }
      }
      ends.sort { $0 < $1 }
      var passed: [Double] = []
      for end in ends {
        var low = 0, high = passed.count
        while low < high {
          let middle = (low + high) / 2
          if passed[middle] <= end.to { low = middle + 1 } else { high = middle }
        }
        count += passed.count - low
        passed.insert(end.to, at: low)
      }
    }
    return count
  }
}
