/// A kernel given as a closure, which computes all of its result.
final class CustomCall: KernelCall {
  static let name = "custom"
  private let body: @Sendable (KernelArguments) throws -> Void
  private let shapes: CallShapes

  init(_ body: @escaping @Sendable (KernelArguments) throws -> Void, _ shapes: CallShapes) {
    (self.body, self.shapes) = (body, shapes)
  }

  func cost(at speeds: CostModel) -> Float {
    speeds.cost(ofTraffic: 0) + 4 * Float(shapes.writtenCount + shapes.readCount)  // Decisions/Units-and-division.md
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    let operands = zip(inputs, shapes.operands).map { (base: $0, type: $1.elementType, shape: $1.shape) }
    let result = shapes.result
    try body(KernelArguments(inputs: operands, output: (outputs[0], result.elementType, result.shape)))
  }
}
