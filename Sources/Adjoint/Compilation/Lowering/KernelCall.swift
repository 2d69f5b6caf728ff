internal import Kernels

/// One tensor kernel with all that its shapes decide worked out: a run only brings the addresses.
///
/// A gate's ``Kernel`` makes it of the types and shapes of the result and the operands: see ``Kernel/calls(_:)``.
/// Whoever plans a program asks it how it can be divided, what its parts read and write, and what it costs; nobody else
/// knows which kernels there are. The answers depend on the shapes alone. All but ``run(_:_:_:)`` and ``cost(at:)``
/// have defaults, of a kernel that one worker carries out in one go and that reads and writes anything.
///
/// What a part says it reads and writes is believed: other workers write elsewhere meanwhile. The law
/// `GateLaw.footprint` of `AdjointTesting` compares it with what the part does.
public protocol KernelCall: AnyObject, Sendable, CustomStringConvertible {
  /// What it does, in a word or two.
  static var name: String { get }

  /// How many elements, rows or blocks the results can be divided into, at least 1: what parts are ranges of. It is 1,
  /// the default, if the call is done in one go.
  var extent: Int { get }

  /// Of what the places of cuts are multiples where the results are cut into `count` parts; by default 1. It may lower
  /// the count.
  ///
  /// - Parameters:
  ///   - count: how many parts there are to be.
  ///   - grain: of what calls are cut at multiples that can be cut at any element.
  func cutStep(for count: inout Int, grain: Int) -> Int

  /// The elements of operand `position` that the part `range` reads, in row-major order; `nil`, the default, if they
  /// may be any.
  ///
  /// It may name more elements than are read, since it is one range; it never names fewer.
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>?

  /// The elements of result `number` that the part `range` writes, all of them; `nil`, the default, if they may be any.
  /// A gate's kernel has one result, number 0.
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>?

  /// Whether result `number` may lie where the operand does, if both have the same type and shape: each element of the
  /// operand is read before that of the result is written, in whatever order parts run. By default it may not.
  func mayOverwrite(operand position: Int, by number: Int) -> Bool

  /// About how many nanoseconds all parts take on one core: a finite number from zero up. A wrong cost costs time and
  /// changes no bit.
  func cost(at speeds: CostModel) -> Float

  /// Computes the part `range` of the results, on any thread, beside others: the same bits however the call is divided.
  ///
  /// - Parameters:
  ///   - inputs: where the first element of each operand lies, of the type that the call was made for.
  ///   - outputs: where the first element of each result goes. The memory holds anything before.
  ///   - range: of the ``extent``.
  /// - Throws: whatever the kernel throws, as an index out of range: the run stops with
  ///   ``SessionError/gateFailed(node:gate:_:)``.
  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws
}

extension KernelCall {
  public var extent: Int { 1 }
  public func cutStep(for count: inout Int, grain: Int) -> Int { 1 }
  public func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? { nil }
  public func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { nil }
  public func mayOverwrite(operand position: Int, by number: Int) -> Bool { false }
  public var description: String { "\(Self.name) of \(extent)" }
}

/// A call whose result may be no value of the graph: an operand laid out for another call to read, or a part of a sum.
package protocol InterimCall: KernelCall {
  var isInterim: Bool { get }
}

extension KernelCall {
  package var isInterim: Bool { (self as? any InterimCall)?.isInterim ?? false }

  /// Of what places of cuts are multiples where few parts are wanted.
  package var stepOfOnePart: Int {
    var count = 1
    return cutStep(for: &count, grain: 1)
  }

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
public struct CallShapes: Sendable {
  /// What the gate's own rules say of these operands.
  public let result: Signature
  /// In the order in which the gate was applied to them.
  public let operands: [Signature]

  package init(result: Signature, operands: [Signature]) { (self.result, self.operands) = (result, operands) }

  var kernelType: Kernels.ElementType { result.elementType.kernelType }
  var elementSize: Int { result.elementType.byteCount }
  var dimensions: [Int] { result.shape.dimensions }
  /// The first operand's shape. Only a custom gate may read nothing.
  var first: Shape { operands.first?.shape ?? .scalar }
  /// The elements of all operands.
  var readCount: Int { operands.reduce(0) { $0 + $1.shape.elementCount } }
  var writtenCount: Int { result.shape.elementCount }
  /// The bytes that are read and written if each element is touched once: what ``CostModel/cost(ofTraffic:)`` takes.
  public var traffic: Float { Float((writtenCount + readCount) * elementSize) }
}

extension Range<Int> {
  /// The elements of so many rows, or the bytes of so many elements.
  package func scaled(by count: Int) -> Range<Int> { lowerBound * count..<upperBound * count }
}

extension UnsafeRawPointer {
  /// The indices, labels or steps that an operand is.
  var labels: UnsafePointer<Int32> { assumingMemoryBound(to: Int32.self) }
}
