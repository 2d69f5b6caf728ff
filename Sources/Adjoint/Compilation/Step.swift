internal import Kernels

/// What a worker does in one go within a unit.
struct Step: Sendable {
  enum Work: Sendable {
    /// A run of scalar gates on the slab of one element type.
    case scalars(ElementType, Range<Int>)
    /// One tensor kernel, for a range of its result.
    case kernel(KernelCall, Range<Int>)
    /// Takes the memory of a result that several units then compute in parts.
    case open
    /// Adds the one operand into an accumulator as it arrives: `accumulators[index]`.
    case contribute(accumulator: Int)
  }
  let work: Work
  /// The node whose value this step makes, for messages; for scalars the first of the run.
  let node: NodeID
  /// Where the operands lie: a range of the program's operand column.
  let operands: Range<Int>
  let output: Placement.Place
  /// Bit i: the result may be written over operand i, if this is its last reader.
  var overwritable: UInt32 = 0
}

/// A copy gate's adder in arrival order: where its sum grows.
struct AccumulatorPlan: Sendable {
  let node: NodeID
  let place: Placement.Place
  let signature: Signature
  /// While units are built: those that hold a contribution.
  var units: [UInt32] = []
}
