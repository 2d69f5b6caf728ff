internal import DependencyScheduling

extension Node {
  /// Without `axes` of extent 1 (all there are, if `nil`); a negative axis counts from the end. An axis of another
  /// extent is an error when compiling.
  public func squeezed(axes: [Int]? = nil, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    let shape = shape
    do throws(ShapeError) {
      let gone =
        try axes.map { axes throws(ShapeError) in try shape.normalized(axes: axes) }
        ?? shape.dimensions.indices.filter { shape[$0] == 1 }
      if let wrong = gone.first(where: { shape[$0] != 1 }) {
        throw ShapeError("axis \(wrong) of shape \(shape) has an extent of \(shape[wrong]), not 1")
      }
      return reshaped(shape.reduced(over: gone, keepingAxes: false), fileID: fileID, line: line)
    } catch {
      return graph.refused(Reshape(shape), [self], error.description, fileID: fileID, line: line)
    }
  }

  /// With an axis of extent 1 more, which has the number `axis` in the result; a negative one counts from its end, so
  /// that −1 is a new last axis.
  public func expanded(axis: Int, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    var dimensions = shape.dimensions
    let front = axis < 0 ? axis + dimensions.count + 1 : axis
    guard (0...dimensions.count).contains(front) else {
      let reason = "a value of \(dimensions.count + 1) axes has no axis \(axis)"
      return graph.refused(Reshape(shape), [self], reason, fileID: fileID, line: line)
    }
    dimensions.insert(1, at: front)
    return reshaped(Shape(dimensions), fileID: fileID, line: line)
  }

  /// With two axes exchanged; a negative one counts from the end. `x.swappingAxes(-1, -2)` transposes the matrices of a
  /// batch.
  public func swappingAxes(
    _ first: Int, _ second: Int, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let shape = shape
    do throws(ShapeError) {
      let (a, b) = (try shape.normalized(axis: first), try shape.normalized(axis: second))
      var order = allAxes
      order.swapAt(a, b)
      return a == b ? self : transposed(order, fileID: fileID, line: line)
    } catch {
      return graph.refused(Transpose([]), [self], error.description, fileID: fileID, line: line)
    }
  }

  /// The elements in reverse along `axes` (all, if `nil`); a negative axis counts from the end. The gradient is
  /// reversed the same way.
  ///
  /// - Complexity: O(elements) for each axis.
  public func flipped(axes: [Int]? = nil, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    let shape = shape
    do throws(ShapeError) {
      let axes = try shape.normalized(axes: axes)
      if let long = axes.first(where: { shape[$0] > Self.mostPlaces }) {
        throw ShapeError("an axis that is reversed has at most 2^28 places, and axis \(long) of shape \(shape) more")
      }
      return axes.reduce(Term(self, fileID, line)) { $0.flipped(axis: $1) }.node
    } catch {
      return graph.refused(GatherRows(), [self], error.description, fileID: fileID, line: line)
    }
  }

  /// Places of a reversed axis: the table of them takes 1 GiB then.
  private static let mostPlaces = 1 << 28  // Decisions/Limits.md

  /// Repeated as a whole, `counts` times along each axis, one number an axis: `[1, 2].tiled([2])` is `[1, 2, 1, 2]`.
  /// Fewer numbers than axes are those of the last ones; more of them give the value axes of extent 1 in front.
  ///
  /// A number below 1 is an error when compiling. The gradient is the sum over the repetitions.
  public func tiled(_ counts: [Int], fileID: StaticString = #fileID, line: UInt = #line) -> Node {
    let dimensions = shape.dimensions
    let rank = Swift.max(dimensions.count, counts.count)
    let extents = [Int](repeating: 1, count: rank - dimensions.count) + dimensions
    let counts = [Int](repeating: 1, count: rank - counts.count) + counts
    if let wrong = counts.first(where: { $0 < 1 }) {
      return graph.refused(
        Broadcast(to: shape), [self], "a value is repeated once or more, not \(wrong) times", fileID: fileID, line: line
      )
    }
    // Next to each axis that is repeated, one of its repetitions.
    var single: [Int] = [], repeated: [Int] = []
    for (extent, count) in zip(extents, counts) {
      single += count == 1 || extent == 1 ? [extent] : [1, extent]
      repeated += count == 1 || extent == 1 ? [extent * count] : [count, extent]
    }
    let result = Shape(zip(extents, counts).map { (Extent($0) * Extent($1)).value })
    return reshaped(Shape(single), fileID: fileID, line: line)
      .broadcast(to: Shape(repeated), fileID: fileID, line: line)
      .reshaped(result, fileID: fileID, line: line)
  }

  /// `count` parts of one extent, one after the other along `axis`; a negative axis counts from the end. An extent that
  /// `count` does not divide makes them errors when compiling.
  public func split(
    into count: Int, axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [Node] {
    let shape = shape
    do throws(ShapeError) {
      let front = try shape.normalized(axis: axis)
      guard count > 0, shape[front].isMultiple(of: count) else {
        throw ShapeError("axis \(front) of shape \(shape) is not made of \(count) equal parts")
      }
      let sizes = [Int](repeating: shape[front] / count, count: count)
      return split(sizes: sizes, axis: front, fileID: fileID, line: line)
    } catch {
      let refused = graph.refused(
        Slice(starts: [], extents: []), [self], error.description, fileID: fileID, line: line)
      return [Node](repeating: refused, count: Swift.max(Swift.min(count, shape.elementCount), 1))
    }
  }

  /// Parts of the given extents, one after the other along `axis`; a negative axis counts from the end. Extents that do
  /// not add up to that of the axis make them errors when compiling.
  public func split(
    sizes: [Int], axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
  ) -> [Node] {
    let shape = shape
    do throws(ShapeError) {
      let front = try shape.normalized(axis: axis)
      guard sizes.allSatisfy({ $0 > 0 }), Extent.sum(sizes) == Extent(shape[front]) else {
        throw ShapeError("axis \(front) of shape \(shape) is not made of parts of \(sizes)")
      }
      var start = 0
      return sizes.map { size in
        defer { start += size }
        return sliced(start..<start + size, axis: front, fileID: fileID, line: line)
      }
    } catch {
      let refused = graph.refused(
        Slice(starts: [], extents: []), [self], error.description, fileID: fileID, line: line)
      return [Node](repeating: refused, count: Swift.max(sizes.count, 1))
    }
  }
}

extension Term {
  fileprivate func flipped(axis: Int) -> Term {
    let extent = node.shape[axis]
    if extent == 1 { return self }
    // Rows lie along the first axis.
    let front = [axis] + node.allAxes.filter { $0 != axis }
    let rows = axis == 0 ? self : applying(Transpose(front))
    let order = rows.beside(node.graph.constant(Array((0..<Int32(extent)).reversed()), [extent], at: location))
    let flipped = rows.applying(GatherRows(), order)
    if axis == 0 { return flipped }
    let back = node.allAxes.map { $0 == axis ? 0 : $0 < axis ? $0 + 1 : $0 }
    return flipped.applying(Transpose(back))
  }
}

/// The nodes, at least one and all of one shape, side by side along a new axis, which has the number `axis` in the
/// result; a negative one counts from its end.
public func stack(
  _ nodes: [Node], axis: Int = 0, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  demand(!nodes.isEmpty, "Stacking needs at least one node")
  let (graph, shape) = (nodes[0].graph, nodes[0].shape)
  if let other = nodes.first(where: { $0.graph === graph && $0.shape != shape && !$0.isRefused }), !nodes[0].isRefused {
    let reason = "what is stacked has one shape, got \(shape) and \(other.shape)"
    return Term(nodes[0], fileID, line).refusal(of: Concatenate(axis: 0), nodes, reason)
  }
  let front = axis < 0 ? axis + shape.rank + 1 : axis
  let single = nodes.map { $0.expanded(axis: axis, fileID: fileID, line: line) }
  return concatenate(single, axis: front, fileID: fileID, line: line)
}
