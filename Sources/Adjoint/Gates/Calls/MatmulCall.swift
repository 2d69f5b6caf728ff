internal import Kernels

/// A matrix product, by itself or added to the first operand.
final class MatmulCall: KernelCall {
  static let name = "matmul"
  private let type: Kernels.ElementType
  private let plan: MatmulPlan
  /// Whether the first operand is what the product is added to.
  let isAdded: Bool
  /// Multiplications and additions, and bytes of the matrices where each is read once: by a single row.
  private let operations: Float, traffic: Float

  /// The product of `call`, worked as `plan` says.
  private init(_ call: MatmulCall, _ plan: MatmulPlan) {
    (type, self.plan, isAdded) = (call.type, plan, call.isAdded)
    (operations, traffic) = (call.operations, call.traffic)
  }

  init(_ transposeA: Bool, _ transposeB: Bool, isAdded: Bool = false, _ shapes: CallShapes) {
    let (a, b) = (shapes.operands[isAdded ? 1 : 0].shape, shapes.operands[isAdded ? 2 : 1].shape)
    let (result, inner) = (shapes.result.shape, a[transposeA ? a.rank - 2 : a.rank - 1])
    self.isAdded = isAdded
    type = shapes.kernelType
    plan = MatmulPlan(
      m: result[result.rank - 2], n: result[result.rank - 1], k: inner, transposeA: transposeA, transposeB: transposeB,
      batchA: Array(a.dimensions.dropLast(2)), batchB: Array(b.dimensions.dropLast(2)))
    operations = 2 * Float(shapes.writtenCount) * Float(inner)
    traffic = plan.isRow ? shapes.traffic : 0
  }

  var description: String {
    "\(isAdded ? "accumulate product" : Self.name)\(readsPanels ? " of panels" : "") of \(extent)"
  }
  var extent: Int { plan.blockCount }

  /// Blocks whose elements lie beside one another, whole rows mostly, or as many parts of each row as of the others.
  func cutStep(for count: inout Int, grain: Int) -> Int {
    let rows = extent / plan.blocksTogether
    if count <= rows { return plan.blocksTogether }
    count = count / rows * rows
    return 1
  }

  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    switch position - (isAdded ? 1 : 0) {
    case -1: plan.elements(of: range)
    case 0: plan.elementsOfA(for: range)
    default: plan.elementsOfB(for: range)
    }
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { plan.elements(of: range) }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { isAdded && position == 0 }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofProducts: operations, moving: traffic, type) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    if isAdded {
      runMatmul(type, plan: plan, a: inputs[1], b: inputs[2], addedTo: inputs[0], output: outputs[0], blocks: range)
    } else {
      runMatmul(type, plan: plan, a: inputs[0], b: inputs[1], output: outputs[0], blocks: range)
    }
  }
}

extension MatmulCall {
  /// The position of the operand that may be packed: the right one.
  var rightOperand: Int { isAdded ? 2 : 1 }

  /// How the right operand may be packed; `nil` if it is already, or if batches multiply different matrices.
  var packing: PackingPlan? { plan.packing(type) }

  /// The same product, whose right operand is packed.
  func reading(_ packing: PackingPlan) -> MatmulCall { MatmulCall(self, plan.reading(packing)) }

  /// Whether its right operand is packed.
  var readsPanels: Bool { plan.panelLanes > 0 }

  /// How often the right operand is read from end to end, where the product is in so many parts.
  func readings(inParts parts: Int) -> Int { plan.readings(inParts: parts) }
}
