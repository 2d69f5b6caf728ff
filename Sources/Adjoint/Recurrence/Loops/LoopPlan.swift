internal import Kernels

/// A scan made ready to run: its body compiled once, into steps that one worker runs in order, again and again, and for
/// each value of the body where it lies in each step.
///
/// The memory of one step is small and stays in the cache: slabs, slots that values share, and the state, all in one
/// piece that the session plans and counts like any result. Elements of sequences and constants of the body, which are
/// the program's, are read where they lie, and values that are stacked are written where they belong; nothing is copied
/// but single elements, which the slab holds.
final class LoopPlan: Sendable {
  /// The body's own plan.
  let plan: ProgramPlan
  /// Its calls that are chains: one step is little work, so that they run without being copied.
  let chains: [ElementwiseChain.Unowned?]
  let stepCount: Int
  /// Where the buffers of the body's plan lie, and what its scalars are copied from and to.
  let layout: LoopLayout
  /// The scan's operands that it reads as panels besides, behind the others.
  let panels: [PackedRead]
  /// How workers may divide it.
  let parts: LoopParts
  /// The nodes of the body, for messages.
  let names: GraphState
  private let origins: Origins

  /// - Parameters:
  ///   - results: the wanted ones, by their number among the parts of the scan.
  ///   - statesBefore: the results, by their position, that lie in the memory of the states after the steps: each is
  ///     the state after the step before, but for the first.
  init(_ scan: Scan, results: [Int], statesBefore: Set<Int>, options: Program.Options) {
    let body = scan.body
    let stateCount = body.state.count
    let stacked = results.filter { $0 >= stateCount }.map { scan.stacked[$0 - stateCount] }
    let roots = body.next + stacked
    var options = options
    options.unitWork = .infinity
    options.accumulation = .graphOrder
    let lowered = GraphPasses.apply(
      to: body.graph.storage, roots: Roots(results: roots),
      for: CompiledPurpose(source: body.graph, options: options, outputs: roots, isBody: true))
    let loop = LoopOfCalls(body, lowered)
    let built = UnitBuilder.build(lowered, options: options, isShared: false, loop: loop)
    plan = built.plan
    panels = built.packedSources.map { source in
      PackedRead(operand: body.sources.firstIndex(of: lowered.origins[source.source.int])!, packing: source.packing)
    }
    chains = plan.calls.map { call in
      (call as? ElementwiseChainCall).map { ElementwiseChain.Unowned($0.chain, $0.type) }
    }
    stepCount = body.stepCount
    names = body.graph
    origins = built.graph.origins
    layout = LoopLayout(scan, lowered, built, results: results, statesBefore: statesBefore)
    parts = LoopParts(plan, layout, steps: stepCount)
    _checkInvariants()
  }

  func describe(_ node: NodeID) -> String { names.describe(origins[node.int]) }
  func name(of node: NodeID) -> String { names.name(of: origins[node.int]) }
}

extension LoopOfCalls {
  /// - Parameter lowered: the body behind all passes.
  fileprivate init(_ body: ScanBody, _ lowered: IntermediateGraph) {
    let isInvariant = Set(body.invariants), storage = lowered.storage
    let sources = (0..<storage.count).filter { storage.brief(of: NodeID($0)).source == .input }
    self.init(
      stepCount: body.stepCount,
      invariants: Set(sources.filter { isInvariant.contains(lowered.origins[$0]) }.map { NodeID($0) }))
  }
}

/// Where a value of a body lies in step t: `stride` bytes further in each step, and `parity` further in odd ones.
struct LoopPlace: Sendable {
  enum Region: Sendable { case operand(Int), result(Int), scratch }
  let region: Region
  var offset = 0, stride = 0, parity = 0
  /// The operand that it is in step 0 instead.
  var first: Int?
}

/// A value of one element, or one that has two places, is copied.
struct LoopCopy: Sendable {
  let from: LoopPlace, to: LoopPlace
  let byteCount: Int
}

extension LoopPlace: CustomStringConvertible {
  /// `operand 0 at byte 64, 128 further each step`.
  var description: String {
    var description: String
    switch region {
    case .operand(let number): description = "operand \(number)"
    case .result(let number): description = "result \(number)"
    case .scratch: description = "own memory"
    }
    description += " at byte \(offset)"
    if stride != 0 { description += ", \(stride) further each step" }
    if parity != 0 { description += ", \(parity) further in odd steps" }
    if let first { description += ", operand \(first) in step 0" }
    return description
  }
}

extension LoopCopy: CustomStringConvertible {
  /// `4 bytes from operand 0 at byte 0 to own memory at byte 64`.
  var description: String { "\(byteCount) bytes from \(from) to \(to)" }
}
