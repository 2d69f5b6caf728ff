internal import Kernels

/// Elements of the operand in another order, or some of them: a transpose, or a slice.
final class MovementCall: KernelCall {
  static let name = "move"
  private let elementSize: Int
  private let plan: MovementPlan
  private let traffic: Float

  init(_ plan: MovementPlan, traffic: Float, elementSize: Int) {
    (self.plan, self.traffic, self.elementSize) = (plan, traffic, elementSize)
  }

  static func transpose(_ permutation: [Int], _ shapes: CallShapes) -> MovementCall {
    // Lines of the cache are read in part, again and again.
    MovementCall(
      .transpose(input: shapes.first.dimensions, permutation: permutation), traffic: 2 * shapes.traffic,
      elementSize: shapes.elementSize)
  }

  static func slice(_ starts: [Int], _ shapes: CallShapes) -> MovementCall {
    MovementCall(
      .slice(input: shapes.first.dimensions, starts: starts, output: shapes.dimensions), traffic: shapes.traffic,
      elementSize: shapes.elementSize)
  }

  /// Elements from `start` on, whatever shape the result gives them.
  static func elements(from start: Int, _ shapes: CallShapes) -> MovementCall {
    MovementCall(
      .slice(input: shapes.first.dimensions, starts: [start], output: [shapes.writtenCount]), traffic: shapes.traffic,
      elementSize: shapes.elementSize)
  }

  var extent: Int { plan.count }
  func cutStep(for count: inout Int, grain: Int) -> Int { grain }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? { plan.elementsRead(for: range) }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runMovement(elementSize: elementSize, plan: plan, input: inputs[0], output: outputs[0], range: range)
  }
}
