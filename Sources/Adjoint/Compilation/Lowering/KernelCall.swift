package import Kernels

/// One tensor kernel with all that its shapes decide worked out: a run only brings the addresses.
///
/// A gate's ``Kernel`` makes it of the types and shapes of the result and the operands. Whoever plans a program asks it
/// how it can be divided, what its parts read and write, and what it costs; nobody else knows which kernels there are.
package protocol KernelCall: AnyObject, Sendable, CustomStringConvertible {
  /// What it does, in a word or two.
  static var name: String { get }

  /// How many elements, rows or blocks the results can be divided into; 1 if the call is done in one go.
  var extent: Int { get }

  /// Of what the places of cuts are multiples where the results are cut into `count` parts. It may lower the count.
  ///
  /// - Parameter grain: of what calls are cut at multiples that can be cut at any element.
  func cutStep(for count: inout Int, grain: Int) -> Int

  /// The elements of operand `position` that the part `range` reads; `nil` if they may be any.
  ///
  /// It may name more elements than are read, since it is one range; it never names fewer.
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>?

  /// The elements of result `number` that the part `range` writes; `nil` if they may be any.
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>?

  /// Whether result `number` may lie where the operand does, if both have the same type and shape: each element of the
  /// operand is read before that of the result is written.
  func mayOverwrite(operand position: Int, by number: Int) -> Bool

  /// Whether the result is no value of the graph: an operand moved for another call to read, or a part of a sum.
  var isInterim: Bool { get }

  /// Nanoseconds on one core.
  func cost(at speeds: CostModel) -> Float

  /// The chain of elementwise operations that the part `range` carries out, and for which elements.
  func chain(_ range: Range<Int>) -> (ElementwiseChain, Kernels.ElementType, elements: Range<Int>)?

  /// Computes the part `range` of the results, on any thread.
  ///
  /// - Throws: an index or label out of range; whatever a custom kernel throws.
  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws
}

extension KernelCall {
  package var extent: Int { 1 }
  package func cutStep(for count: inout Int, grain: Int) -> Int { 1 }
  package func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? { nil }
  package func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { nil }
  package func mayOverwrite(operand position: Int, by number: Int) -> Bool { false }
  package var isInterim: Bool { false }
  package func chain(_ range: Range<Int>) -> (ElementwiseChain, Kernels.ElementType, elements: Range<Int>)? { nil }

  package var description: String { "\(Self.name) of \(extent)" }

  /// The results in at most `count` parts of about equal size, cut where the kernel can be cut: where the cuts are
  /// never changes a bit.
  package func parts(_ count: Int, grain: Int) -> [Range<Int>] {
    let extent = extent
    var count = max(count, 1)
    let step = cutStep(for: &count, grain: grain)
    var cuts = [0]
    for part in 1..<count {
      let cut = (extent * part / count + step - 1) / step * step
      if cut > cuts[cuts.count - 1], cut < extent { cuts.append(cut) }
    }
    return zip(cuts, cuts.dropFirst() + [extent]).map { $0..<$1 }
  }
}

/// The types and shapes that a kernel call is made of.
package struct CallShapes: Sendable {
  package let result: Signature
  package let operands: [Signature]

  package init(result: Signature, operands: [Signature]) { (self.result, self.operands) = (result, operands) }

  var kernelType: Kernels.ElementType { result.elementType.kernelType }
  var elementSize: Int { result.elementType.byteCount }
  var dimensions: [Int] { result.shape.dimensions }
  /// The first operand's shape. Only a custom gate may read nothing.
  var first: Shape { operands.first?.shape ?? .scalar }
  /// The elements of all operands.
  var readCount: Int { operands.reduce(0) { $0 + $1.shape.elementCount } }
  var writtenCount: Int { result.shape.elementCount }
  /// The bytes that are read and written.
  var traffic: Float { Float((writtenCount + readCount) * elementSize) }
}

extension Range<Int> {
  /// The elements of so many rows, or the bytes of so many elements.
  func scaled(by count: Int) -> Range<Int> { lowerBound * count..<upperBound * count }
}

extension UnsafeRawPointer {
  /// The indices, labels or steps that an operand is.
  var labels: UnsafePointer<Int32> { assumingMemoryBound(to: Int32.self) }
}
