internal import DependencyScheduling

/// A value of the slow world: doubles in row-major order, rounded to the element type after each gate.
///
/// Gates state their ``Gate/definition(_:shape:)`` on these, in loops that are meant to be read, not to be fast.
public struct ReferenceTensor: Hashable, Sendable {
  public let shape: Shape
  public let elementType: ElementType
  public let values: [Double]

  /// A value of these elements, row-major, each rounded to `elementType`.
  public init(_ shape: Shape, _ elementType: ElementType, _ values: [Double]) {
    demand(values.count == shape.elementCount, "Shape \(shape) needs \(shape.elementCount) values")
    self.shape = shape
    self.elementType = elementType
    self.values = values.map(elementType.rounded)
  }

  /// A value whose element at each index is `element(index)`.
  public init(_ shape: Shape, _ elementType: ElementType, _ element: ([Int]) throws -> Double) rethrows {
    self.init(shape, elementType, try shape.indices.map(element))
  }

  public subscript(index: [Int]) -> Double {
    values[zip(index, shape.strides).reduce(0) { $0 + $1.0 * $1.1 }]
  }

  /// This value repeated to fill `stretched` by NumPy's rule.
  public func broadcast(to stretched: Shape) -> ReferenceTensor {
    if stretched == shape { return self }
    let missing = stretched.rank - shape.rank
    return ReferenceTensor(stretched, elementType) { index in
      self[shape.dimensions.indices.map { shape[$0] == 1 ? 0 : index[$0 + missing] }]
    }
  }

  /// The result of a custom kernel on these operands.
  static func running(
    _ body: (KernelArguments) throws -> Void, _ inputs: [ReferenceTensor], type: ElementType, shape: Shape
  ) throws -> ReferenceTensor {
    var copies: [UnsafeMutableRawPointer] = []
    defer { for copy in copies { copy.deallocate() } }
    func allocate(_ type: ElementType, _ count: Int) -> UnsafeMutableRawPointer {
      copies.append(.allocate(byteCount: type.byteCount * count, alignment: 64))
      return copies[copies.count - 1]
    }
    let operands = inputs.map { input in
      let copy = allocate(input.elementType, input.values.count)
      input.values.withUnsafeBufferPointer { input.elementType.write($0, to: copy) }
      return (base: UnsafeRawPointer(copy), type: input.elementType, shape: input.shape)
    }
    let output = allocate(type, shape.elementCount)
    try body(KernelArguments(inputs: operands, output: (output, type, shape)))
    let result = KernelArguments(inputs: [(UnsafeRawPointer(output), type, shape)], output: (output, type, shape))
    return result.reference(0)
  }
}

extension Shape {
  /// Every index of a value of this shape, in row-major order.
  var indices: [[Int]] {
    dimensions.reduce([[]]) { prefixes, extent in prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
  }
}
