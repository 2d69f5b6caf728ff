internal import Kernels

/// A part of a reduction of long rows: to one element a leaf, or from those to one a row.
final class LeafReductionCall: InterimCall {
  static let name = "leaves"
  private let operation: ReduceOperation
  private let type: Kernels.ElementType
  private let plan: LeafPlan
  let isJoin: Bool
  private let traffic: Float

  init(_ operation: ReduceOperation, _ plan: LeafPlan, isJoin: Bool, _ shapes: CallShapes) {
    (self.operation, self.plan, self.isJoin) = (operation, plan, isJoin)
    (type, traffic) = (shapes.kernelType, shapes.traffic)
  }

  var description: String { "\(isJoin ? "join" : Self.name) of \(extent)" }
  var extent: Int { isJoin ? plan.rows : plan.count }
  var isInterim: Bool { !isJoin }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? { isJoin ? nil : plan.elements(of: range) }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    if isJoin {
      runLeafJoin(operation, type, plan: plan, input: inputs[0], output: outputs[0], range: range)
    } else {
      runLeafReduction(operation, type, plan: plan, input: inputs[0], output: outputs[0], range: range)
    }
  }
}
