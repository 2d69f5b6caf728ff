public import Adjoint
public import struct Foundation.Data
public import struct Foundation.URL

/// An array that NumPy has saved, in memory: images, labels, measurements to train with.
///
/// ```swift
/// let images = try NumPyArray(opening: "images.npy")          // [60000, 28, 28] of |u1
/// let pixels = try images.elements(as: Float.self)
/// ```
/// The files of `numpy.save` are read, of any version, in either order of bytes and of axes, of real numbers and truth
/// values; arrays of other types are a ``StateFileError/malformed(path:reason:)`` that names the type. A file's header
/// is checked against its length before anything is believed.
public struct NumPyArray: Sendable {
  /// Extents, outermost first.
  public let dimensions: [Int]
  /// The elements' type as NumPy names it: `<f4`, `|u1`, `>i8`.
  public var typeName: String { type.name }

  private let type: NumPyType
  private let isColumnMajor: Bool
  private let bytes: [UInt8]
  /// What errors call the file.
  private let path: String

  /// - Complexity: O(bytes of the file).
  public init(opening path: String) throws(StateFileError) { try self.init(.file(.reading(path))) }

  /// - Throws: ``StateFileError/system(path:operation:reason:)`` also for what is not the URL of a file.
  public init(opening url: URL) throws(StateFileError) { try self.init(.file(.reading(url))) }

  /// What lies in memory as it would in a file. Errors call it "the data".
  public init(_ data: Data) throws(StateFileError) { try self.init(.memory(data)) }

  init(_ file: borrowing ByteSource) throws(StateFileError) {
    try self.init(file, 0..<file.byteCount(), called: file.path)
  }

  /// - Parameter place: the bytes of a larger file in which it lies.
  init(_ file: borrowing ByteSource, _ place: Range<Int>, called path: String) throws(StateFileError) {
    do throws(Malformed) {
      let header = try NumPyHeader(of: file, place)
      let start = place.lowerBound + header.byteCount
      guard let count = header.dataByteCount, count == place.upperBound - start else {
        throw Malformed(
          "\(header.dimensions) elements of \(header.type.name) do not take the \(place.upperBound - start) bytes that "
            + "follow the header")
      }
      (dimensions, type, isColumnMajor) = (header.dimensions, header.type, header.isColumnMajor)
      do { bytes = try file.bytes(count, at: start) } catch { throw Malformed(error.reason) }
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    self.path = path
  }

  /// The number of elements.
  public var count: Int { bytes.count / type.byteCount }

  /// The elements in row-major order, in which the last axis varies fastest, as numbers of another type: the nearest
  /// that a floating-point type has, and 1 or 0 for a truth value.
  ///
  /// - Throws: ``StateFileError/malformed(path:reason:)`` for an element that is not a number of an integer type or a
  ///   truth value, if such are asked for: a fraction, a NaN, or one beyond its range.
  /// - Complexity: O(elements).
  public func elements<Scalar: GraphScalar>(as _: Scalar.Type = Scalar.self) throws(StateFileError) -> [Scalar] {
    var result: [Scalar] = []
    result.reserveCapacity(count)
    var places = RowMajorPlaces(dimensions, isColumnMajor: isColumnMajor)
    for number in 0..<count {
      guard let element: Scalar = type.element(of: bytes, places.next()) else {
        throw .malformed(
          path: path,
          reason: "element \(number), \(type.text(of: bytes, places.current)), is not a number of \(Scalar.elementType)"
        )
      }
      result.append(element)
    }
    return result
  }
}

/// The places of elements in a file, in the order of rows.
private struct RowMajorPlaces {
  private let dimensions: [Int], strides: [Int]
  private var index: [Int]
  private(set) var current = -1
  private let isColumnMajor: Bool

  init(_ dimensions: [Int], isColumnMajor: Bool) {
    (self.dimensions, self.isColumnMajor) = (dimensions, isColumnMajor && dimensions.count > 1)
    var stride = 1
    strides = dimensions.map { extent in
      defer { stride *= extent }
      return stride
    }
    index = dimensions.map { _ in 0 }
  }

  mutating func next() -> Int {
    if !isColumnMajor || current < 0 {
      current += 1
      return current
    }
    var axis = dimensions.count - 1
    while true {
      index[axis] += 1
      current += strides[axis]
      if index[axis] < dimensions[axis] { return current }
      current -= dimensions[axis] * strides[axis]
      index[axis] = 0
      axis -= 1
    }
  }
}
