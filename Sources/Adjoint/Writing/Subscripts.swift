/// What a subscript takes of one axis of a node: an `Int`, which is one place, or a range of places, with both ends or
/// with one.
///
/// A negative place counts from the end, as axes do: −1 is the last one, `(-2)...` the last two, `..<(-1)` all but the
/// last.
public protocol AxisPlaces: Sendable {
  /// The places themselves.
  var selection: AxisSelection { get }
}

/// One place of an axis, or a range of them, of which each end may be left open: what ``AxisPlaces`` stand for.
public struct AxisSelection: Hashable, Sendable, CustomStringConvertible {
  let first: Int
  /// The last place; `nil` if the axis ends there.
  let last: Int?
  /// The place after the last, where that was given.
  let end: Int?
  /// Whether the axis goes away.
  let isSingle: Bool
  public let description: String

  fileprivate init(_ first: Int?, last: Int? = nil, end: Int? = nil, isSingle: Bool = false, _ text: String) {
    (self.first, self.last, self.end, self.isSingle, description) = (first ?? 0, last, end, isSingle, text)
  }

  /// The places on an axis of so many; an empty or descending range where it has none of them.
  func places(of extent: Int) -> (start: Int, end: Int) {
    func fromFront(_ place: Int) -> Int { place < 0 ? (Extent(place) + Extent(extent)).value : place }
    let end = last.map { (Extent(fromFront($0)) + 1).value } ?? end.map(fromFront) ?? extent
    return (fromFront(first), end)
  }
}

extension Int: AxisPlaces {
  public var selection: AxisSelection { AxisSelection(self, last: self, isSingle: true, "\(self)") }
}

extension Range: AxisPlaces where Bound == Int {
  public var selection: AxisSelection { AxisSelection(lowerBound, end: upperBound, "\(self)") }
}

extension ClosedRange: AxisPlaces where Bound == Int {
  public var selection: AxisSelection { AxisSelection(lowerBound, last: upperBound, "\(self)") }
}

extension PartialRangeFrom: AxisPlaces where Bound == Int {
  public var selection: AxisSelection { AxisSelection(lowerBound, "\(lowerBound)...") }
}

extension PartialRangeUpTo: AxisPlaces where Bound == Int {
  public var selection: AxisSelection { AxisSelection(nil, end: upperBound, "..<\(upperBound)") }
}

extension PartialRangeThrough: AxisPlaces where Bound == Int {
  public var selection: AxisSelection { AxisSelection(nil, last: upperBound, "...\(upperBound)") }
}

extension Node {
  /// The elements at these places, one selection an axis, the first axis first; axes that none is given for are whole.
  ///
  /// ```swift
  /// let first = x[0]              // the first row, without the axis of rows
  /// let left = x[1..<3, 0]        // of the second and third row the first element
  /// let last = x[-1]              // the last row
  /// let columns = x[..., 1..<3]   // two columns, however many axes come before
  /// let right = x[0..., (-2)...]  // the last two columns
  /// ```
  /// An `Int` takes its axis away, a range leaves it with the extent of the range. Places that the axis has not, an
  /// empty range, and more selections than axes are errors when compiling. The gradient goes to the places, and 0
  /// elsewhere.
  public subscript(
    _ places: any AxisPlaces..., fileID fileID: StaticString = #fileID, line line: UInt = #line
  ) -> Node {
    taking(places.map(\.selection), fromAxis: 0, Term(self, fileID, line))
  }

  /// The elements at these places along the last axes, those before being whole: `x[..., 1..<3]`.
  public subscript(
    _: UnboundedRange, _ places: any AxisPlaces..., fileID fileID: StaticString = #fileID, line line: UInt = #line
  ) -> Node {
    taking(places.map(\.selection), fromAxis: shape.rank - places.count, Term(self, fileID, line))
  }

  private func taking(_ selections: [AxisSelection], fromAxis first: Int, _ x: Term) -> Node {
    let shape = shape
    if selections.isEmpty { return self }
    let written = "[\(selections.map(\.description).joined(separator: ", "))]"
    guard first >= 0, selections.count <= shape.rank else {
      return x.refusal(of: Slice(starts: [], extents: []), [self], "\(written) is of more axes than shape \(shape) has")
    }
    var starts = [Int](repeating: 0, count: shape.rank), extents = shape.dimensions, gone: [Int] = []
    for (axis, selection) in zip(first..., selections) {
      let (start, end) = selection.places(of: shape[axis])
      guard start >= 0, start < end, end <= shape[axis] else {
        let reason = "axis \(axis) of shape \(shape) has no places \(selection)"
        return x.refusal(of: Slice(starts: [], extents: []), [self], reason)
      }
      (starts[axis], extents[axis]) = (start, end - start)
      if selection.isSingle { gone.append(axis) }
    }
    let block = extents == shape.dimensions ? x : x.applying(Slice(starts: starts, extents: extents))
    return block.reshaped(Shape(extents).reduced(over: gone, keepingAxes: false)).node
  }
}
