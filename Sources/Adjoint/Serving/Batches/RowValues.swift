/// The elements of one row, of any type: what one request feeds to an input, or gets from an output.
public struct RowValues: Sendable {
  /// The number format of the elements.
  public let elementType: ElementType
  /// The number of elements.
  public let count: Int
  /// An array of elements of that type.
  private let elements: any Sendable

  /// - Parameter elements: in row-major order.
  public init<T: GraphScalar>(_ elements: [T]) {
    (elementType, count) = (T.elementType, elements.count)
    self.elements = elements
  }

  /// The elements, in row-major order; `nil` if they are of another type.
  ///
  /// - Parameter type: of ``elementType``.
  public func values<T: GraphScalar>(as type: T.Type = T.self) -> [T]? { elements as? [T] }
}
