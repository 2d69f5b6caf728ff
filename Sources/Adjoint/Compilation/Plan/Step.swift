internal import Kernels

/// What a worker does in one go within a unit.
struct Step: Sendable {
  enum Work: Sendable {
    /// Scalar gates, put into code for the machine that runs them.
    case scalars(ScalarRun)
    /// One of the program's kernel calls, for a range of its results.
    case kernel(Int, Range<Int>)
    /// Adds the one operand into an accumulator as it arrives: `accumulators[index]`.
    case contribute(accumulator: Int)
  }
  let work: Work
  /// The node whose value this step makes, for messages; the first for scalars, the last for a chain.
  let node: NodeID
  /// Where operands and results lie: ranges of the program's column of places.
  let operands: Range<Int>
  let results: Range<Int>
}

/// Scalar gates on the slab of one element type.
struct ScalarRun: Sendable {
  let type: ElementType
  /// The words of the program's scalar code.
  let words: Range<Int>
  /// The slots of the results, one a gate, in the order in which they are computed.
  let slots: Range<Int>
}

/// A copy gate's adder in arrival order: where its sum grows.
struct AccumulatorPlan: Sendable {
  let node: NodeID
  let place: Placement.Place
  let signature: Signature
  /// While units are built: those that hold a contribution.
  var units: [UInt32] = []
}
