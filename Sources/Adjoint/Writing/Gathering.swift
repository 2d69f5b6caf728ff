extension Node {
  /// Along `axis` the elements that `indices` name, each in its own lane: yᵢⱼₖ = x at (i, indicesᵢⱼₖ, k) for the axis 1
  /// of three. A negative axis counts from the end.
  ///
  /// NumPy's `take_along_axis`, PyTorch's `gather`. `indices` is of int32, and of x's shape but for the extent of that
  /// axis. An index out of range is an error of the run that names a node of this line; none counts from the end. An
  /// element that is taken several times gets the sum of their gradients.
  ///
  /// ```swift
  /// let best = scores.gathering(scores.argmax(axis: 1).expanded(axis: 1), axis: 1)   // [n, 1]
  /// ```
  public func gathering(
    _ indices: Node, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let x = Term(self, fileID, line)
    do throws(ShapeError) {
      let lanes = try AxisLanes(of: self, at: indices, axis: axis)
      let elements = lanes.flattened(x)
      return lanes.restored(elements.applying(GatherRows(), lanes.places(x.beside(indices))), count: lanes.count).node
    } catch {
      return x.refusal(of: GatherRows(), [self, indices], error.description)
    }
  }

  /// With `values` added along `axis` at the places that `indices` name, each in its own lane: the mirror of
  /// ``gathering(_:axis:fileID:line:)``.
  ///
  /// `indices` is of int32, and of the shape of `values`, which is this node's but for the extent of that axis. What
  /// goes to one place is added up, in the order of `values`. An index out of range is an error of the run.
  ///
  /// ```swift
  /// let counts = graph.constant(0, [n, classes]).scatterAdding(ones, at: labels.expanded(axis: 1))
  /// ```
  public func scatterAdding(
    _ values: Node, at indices: Node, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let x = Term(self, fileID, line)
    do throws(ShapeError) {
      let lanes = try AxisLanes(of: self, at: indices, axis: axis)
      try lanes.check(values)
      let scatter = ScatterAddRows(rowCount: shape.elementCount)
      let sums = lanes.flattened(x.beside(values)).applying(scatter, lanes.places(x.beside(indices)))
      return (x + lanes.restored(sums, count: lanes.extent)).node
    } catch {
      return x.refusal(of: ScatterAddRows(rowCount: 1), [self, values, indices], error.description)
    }
  }

  /// With `values` along `axis` in place of what stood at the places that `indices` name, each in its own lane.
  ///
  /// NumPy's `put_along_axis`, PyTorch's `scatter`. `indices` is of int32, and of the shape of `values`, which is this
  /// node's but for the extent of that axis. Of several values for one place, the last counts, and gets the gradient.
  /// An index out of range is an error of the run.
  ///
  /// ```swift
  /// let masked = scores.scattering(scores.graph.constant(-1e9, [n, 1]), at: best)
  /// ```
  public func scattering(
    _ values: Node, at indices: Node, axis: Int = -1, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let x = Term(self, fileID, line)
    do throws(ShapeError) {
      let lanes = try AxisLanes(of: self, at: indices, axis: axis)
      try lanes.check(values)
      let (flat, places) = (lanes.flattened(x.beside(values)), lanes.places(x.beside(indices)))
      return lanes.restored(lanes.flattened(x).applying(ReplaceRows(), flat, places), count: lanes.extent).node
    } catch {
      return x.refusal(of: ReplaceRows(), [self, values, indices], error.description)
    }
  }

  /// With each row of `values` added to the row (along the first axis) that `rows` names: the mirror of
  /// ``gatheringRows(_:fileID:line:)``.
  ///
  /// What a graph network's nodes get from their neighbours is such a sum; PyTorch's `index_add`. `rows` is int32 of
  /// any shape `[…]`, and `values` has that shape and then the axes of a row. What goes to one row is added up, in the
  /// order of `values`. A row out of range is an error of the run that names a node of this line.
  ///
  /// ```swift
  /// let messages = states.gatheringRows(sources) * weights               // [edges, width]
  /// let heard = graph.constant(0, states.shape).scatterAddingRows(messages, at: targets)
  /// ```
  public func scatterAddingRows(
    _ values: Node, at rows: Node, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let x = Term(self, fileID, line)
    let wanted = Shape(rows.shape.dimensions + shape.dimensions.dropFirst())
    guard shape.rank > 0, values.shape == wanted, values.graph === graph, rows.graph === graph else {
      let reason =
        shape.rank == 0
        ? "a scalar has no rows to add to"
        : "rows of shape \(shape) at indices of shape \(rows.shape) need values of shape \(wanted), got \(values.shape)"
      return x.refusal(of: ScatterAddRows(rowCount: 1), [self, values, rows], reason)
    }
    let sums = x.beside(values).applying(ScatterAddRows(rowCount: shape[0]), x.beside(rows))
    return (x + sums).node
  }
}

/// A value as lanes along one of its axes, and one as many lanes of indices into them.
private struct AxisLanes {
  let axis: Int
  /// How many elements a lane has, and how many indices.
  let extent: Int, count: Int
  private let others: [Int]
  private let graph: Graph, places: Shape

  /// The tables of places take 1 GiB then.
  private static let mostElements = 1 << 28  // Decisions/Limits.md

  init(of x: Node, at indices: Node, axis: Int) throws(ShapeError) {
    let (shape, places) = (x.shape, indices.shape)
    let along = try shape.normalized(axis: axis)
    var expected = shape.dimensions
    if places.rank == shape.rank { expected[along] = places[along] }
    // What is wrong with an operand itself is reported for that operand.
    guard indices.graph === x.graph, !indices.isRefused, !x.isRefused else { throw ShapeError("") }
    guard places.dimensions == expected else {
      throw ShapeError("indices of shape \(places) do not go along axis \(along) of shape \(shape)")
    }
    if indices.elementType != .int32 {
      throw ShapeError("indices are int32, got \(indices.elementType); write \(indices.name).cast(to: .int32)")
    }
    guard shape.elementCount <= Self.mostElements else {
      throw ShapeError("lanes have at most 2^28 elements together, and a value of shape \(shape) has more")
    }
    (self.axis, extent, count, graph) = (along, shape[along], places[along], x.graph)
    self.places = places
    others = shape.dimensions.indices.filter { $0 != along }.map { shape[$0] }
  }

  /// What is wrong with an operand itself is reported for that operand.
  func check(_ values: Node) throws(ShapeError) {
    if values.graph === graph, values.shape != places, !values.isRefused {
      throw ShapeError("values of shape \(values.shape) need an index each, got indices of shape \(places)")
    }
  }

  private var laneCount: Int { others.reduce(1, *) }

  /// All elements, lane after lane.
  func flattened(_ x: Term) -> Term { lastAxis(x).reshaped([x.node.shape.elementCount]) }

  /// Where in the flattened value each index points.
  func places(_ indices: Term) -> Term {
    let graph = indices.node.graph, location = indices.location
    func constant(_ values: [Int32], _ shape: Shape) -> Term {
      indices.beside(graph.constant(values, shape, at: location))
    }
    let flat = lastAxis(indices).reshaped([laneCount, count])
    // An index of a lane, which is refused if there is none such, before it is one of the whole.
    let known = constant(Array(0..<Int32(extent)), [extent]).applying(GatherRows(), flat)
    let starts = constant((0..<laneCount).map { Int32($0 * extent) }, [laneCount, 1])
    return known.applying(AddIntegers(), starts).reshaped([laneCount * count])
  }

  /// A flattened value of lanes of so many elements in its place again.
  func restored(_ flat: Term, count: Int) -> Term {
    let lanes = flat.reshaped(Shape(others + [count]))
    var order = Array(0..<others.count)
    order.insert(others.count, at: axis)
    return lanes.transposed(order)
  }

  private func lastAxis(_ x: Term) -> Term {
    x.transposed(x.node.allAxes.filter { $0 != axis } + [axis])
  }
}

extension Term {
  /// With its axes in another order; itself if that is the order which they have.
  func transposed(_ order: [Int]) -> Term { order == node.allAxes ? self : applying(Transpose(order)) }
}
