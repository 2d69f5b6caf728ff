internal import Kernels

/// Makes the panels of a matrix that products read: a value between calls, which only a compiled graph has.
struct PackedOperand: Gate {
  static let name = "packed operand"
  let packing: PackingPlan

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    throw ShapeError("a packed operand has the shape that the compiler gives it")
  }
  var kernel: Kernel { .structured(.exact) { _ in PackCall(packing) } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    preconditionFailure("A packed operand is made after differentiation")
  }
}

/// Packs a matrix, some of its panels in each part.
final class PackCall: InterimCall {
  static let name = "packing"
  private let plan: PackingPlan

  init(_ plan: PackingPlan) { self.plan = plan }

  var isInterim: Bool { true }
  var extent: Int { plan.panelCount }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? { plan.elementsRead(for: range) }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { plan.elementsWritten(for: range) }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofPacking: plan) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runPacking(plan: plan, input: inputs[0], output: outputs[0], panels: range)
  }
}

/// An operand that a loop reads as panels.
struct PackedRead: Sendable {
  /// Its position among the operands.
  let operand: Int
  let packing: PackingPlan
  /// The node of its panels, once it is known.
  var panels: NodeID?
}

/// A source of a loop's body that is the panels of another source.
struct PackedSource: Sendable {
  let source: NodeID
  let panels: NodeID
  let packing: PackingPlan
}

/// What passes over the calls of a loop's body know of the loop.
struct LoopOfCalls: Sendable {
  let stepCount: Int
  /// The sources of the body that are the same in every step.
  let invariants: Set<NodeID>
}

/// A constant's elements, packed whenever they are asked for: nothing keeps them twice.
struct PackedElements: TensorElements {
  /// The elements of the matrix, of any type.
  let values: TensorValues
  /// The constant's type.
  let elementType: ElementType
  let packing: PackingPlan

  var count: Int { packing.resultCount }

  func withBytes<R>(_ body: (UnsafeRawPointer) -> R) -> R {
    func memory(_ count: Int) -> UnsafeMutableRawPointer {
      .allocate(byteCount: count * elementType.byteCount, alignment: 64)
    }
    let panels = memory(count), elementCount = packing.n * packing.k, elements = memory(elementCount)
    defer { panels.deallocate() }
    values.write(to: elements, count: elementCount, as: elementType)
    runPacking(plan: packing, input: elements, output: panels, panels: 0..<packing.panelCount)
    elements.deallocate()
    return body(panels)
  }
}
