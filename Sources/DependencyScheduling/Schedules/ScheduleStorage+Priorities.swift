extension ScheduleStorage {
  /// Orders each unit's successors, and the roots, by the longest path of costs that begins with them: what many
  /// others wait for starts first (Graham's critical-path list scheduling). Those of equal length keep their order.
  ///
  /// The serial order is that of the edges as they were given: a lone worker gains nothing by
  /// hurrying, and those who made the edges knew what lies in the cache.
  ///
  /// - Complexity: O(units + edges), but for sorting the successors of each unit.
  func orderByLongestPath(_ costs: [Float]) {
    let order = serialOrder
    var path = [Float](repeating: 0, count: unitCount)
    for position in (0..<unitCount).reversed() {
      let unit = Int(order[position])
      var edges = UnsafeMutableBufferPointer(
        start: successors + Int(offsets[unit]), count: Int(offsets[unit + 1] - offsets[unit]))
      var longest: Float = 0
      var isSorted = true
      for edge in edges.indices {
        longest = max(longest, path[Int(edges[edge])])
        if edge > 0 && path[Int(edges[edge - 1])] < path[Int(edges[edge])] { isSorted = false }
      }
      if !isSorted { edges.sort { path[Int($0)] > path[Int($1)] } }
      path[unit] = costs[unit] + longest
    }
    var rootsInOrder = UnsafeMutableBufferPointer(start: roots, count: rootCount)
    rootsInOrder.sort { path[Int($0)] > path[Int($1)] }
  }
}
