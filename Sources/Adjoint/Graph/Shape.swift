/// The extents of a node's value, outermost first; `[]` is a scalar.
///
/// Elements lie in row-major order: the last axis is contiguous. A node's shape has at most 32 axes, each of an extent
/// of at least 1, and at most 2^48 elements; another is a ``GraphError`` of the program that names the node.
///
/// Where axes are asked for, a negative one counts from the end: -1 is the last axis.
///
/// ```swift
/// let images: Shape = [128, 784]
/// print(images.elementCount)   // 100352
/// ```
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  public let dimensions: [Int]

  public init(_ dimensions: [Int]) { self.dimensions = dimensions }
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  public static let scalar = Shape([])

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// The product of the extents, or the largest number if it is larger; 1 for a scalar.
  public var elementCount: Int { Extent.product(dimensions).value }

  /// Why no value has this shape, if none has.
  package var impossibility: String? {
    if let extent = dimensions.first(where: { $0 < 1 }) { return "an extent of \(extent) holds no element" }
    if elementCount > Self.mostElements { return "no memory holds more than 2^48 elements" }
    return rank > Self.mostAxes ? "a value has at most \(Self.mostAxes) axes, and this one \(rank)" : nil
  }

  /// More than an address space has room for, and few enough for sums of bytes to stay below the largest number.
  package static let mostElements = 1 << 48  // Decisions/Limits.md

  /// As many as kernels keep track of, and as NumPy 1 had.
  package static let mostAxes = 32  // Decisions/Limits.md

  public subscript(axis: Int) -> Int { dimensions[axis] }

  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }

  /// Row-major strides in elements.
  package var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    return strides
  }

  /// The shape that both operands stretch to by NumPy's rule: axes are aligned at the end, and an extent of 1 (or a
  /// missing axis) stretches to the other's.
  ///
  /// - Throws: ``ShapeError`` when two extents differ and neither is 1.
  public static func broadcast(_ left: Shape, _ right: Shape) throws(ShapeError) -> Shape {
    if left == right { return left }
    let rank = max(left.rank, right.rank)
    var dimensions = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let l = axis < rank - left.rank ? 1 : left[axis - (rank - left.rank)]
      let r = axis < rank - right.rank ? 1 : right[axis - (rank - right.rank)]
      guard l == r || l == 1 || r == 1 else {
        throw ShapeError("shapes \(left) and \(right) do not broadcast: extents \(l) and \(r) differ and neither is 1")
      }
      dimensions[axis] = max(l, r)
    }
    return Shape(dimensions)
  }

  /// The axes of `stretched` along which a value of this shape was repeated to fill it.
  package func broadcastAxes(in stretched: Shape) -> [Int] {
    let missing = stretched.rank - rank
    return stretched.dimensions.indices.filter { $0 < missing || (self[$0 - missing] == 1 && stretched[$0] != 1) }
  }

  /// This shape without `axes`, or with extent 1 in their places.
  package func reduced(over axes: [Int], keepingAxes: Bool) -> Shape {
    Shape(
      dimensions.enumerated().compactMap { axis, extent in
        axes.contains(axis) ? (keepingAxes ? 1 : nil) : extent
      })
  }

  /// `axis` counted from the front: -1 is the last axis.
  package func normalized(axis: Int) throws(ShapeError) -> Int {
    guard axis >= -rank, axis < rank else {
      throw ShapeError("axis \(axis) does not exist in a value of shape \(self)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// `axes` counted from the front, ascending; `nil` stands for all of them.
  package func normalized(axes: [Int]?) throws(ShapeError) -> [Int] {
    guard let axes else { return Array(0..<rank) }
    var result: [Int] = []
    for axis in axes {
      let front = try normalized(axis: axis)
      guard !result.contains(front) else { throw ShapeError("axis \(axis) is named twice in \(axes)") }
      result.append(front)
    }
    return result.sorted()
  }
}

/// Why a gate cannot be applied to operands of these shapes or element types.
public struct ShapeError: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  /// What would make the operands go together, for the message that names them.
  let cast: OperandCast?

  public init(_ description: String) {
    self.description = description
    cast = nil
  }

  /// Why operands of these element types do not go together, and the cast after which they do. The message of the
  /// graph's error says how to write it, with the operand's name.
  ///
  /// ```swift
  /// throw ShapeError("labels are int32, got \(inputs[1])", casting: 1, to: .int32)
  /// // … labels are int32, got float32; write labels.cast(to: .int32)
  /// ```
  /// - Parameters:
  ///   - description: why they do not go together.
  ///   - operand: the position of the operand to cast.
  ///   - type: to which element type.
  public init(_ description: String, casting operand: Int, to type: ElementType) {
    self.description = description
    cast = OperandCast(operand: operand, type: type)
  }

  init(_ description: String, _ cast: OperandCast) {
    self.description = description
    self.cast = cast
  }
}

/// One operand of a gate, and the element type in which it would go with the others.
struct OperandCast: Hashable, Sendable {
  let operand: Int
  let type: ElementType
  /// The other of two operands that differ, if it could as well be cast to the type of `operand`.
  var partner: Int?
}
