internal import Foundation

/// A step of the compiler from a graph to a graph.
protocol GraphPass: SendableMetatype {
  /// The name by which ``CompilerPass`` leaves it out, if it can be left out, and by which `ADJOINT_PASSES` prints it.
  static var name: String { get }

  /// Whether it has anything to do there. It has, unless it says otherwise.
  static func isWanted(for purpose: CompiledPurpose) -> Bool

  static func apply(to graph: consuming IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph
}

extension GraphPass {
  static func isWanted(for purpose: CompiledPurpose) -> Bool { true }
}

/// What a graph is compiled for, as far as passes ask: a program, or the body of a loop.
struct CompiledPurpose: Sendable {
  /// The graph that the nodes stand for: the user's with its backward pass, or a body.
  let source: GraphState
  let options: Program.Options
  /// The scopes whose values are computed again.
  var checkpoints = CheckpointedScopes.none
  /// The nodes of `source` that the results stand for.
  let outputs: [NodeID]
  /// Whether it is the body of a loop: one worker runs it, again and again, in memory that nobody else reaches.
  var isBody = false

  /// Whether contributions to a copy gate's gradient are added in the order of the graph, and not as they come.
  var isOrdered: Bool { options.accumulation == .graphOrder }
}

/// The passes that programs and the bodies of loops go through, in this order, behind ``Simplify``.
///
/// To add one: its file, and its line here. After each, debug builds check the graph's invariants.
enum GraphPasses {
  static let all: [any GraphPass.Type] = [
    MergeScans.self,
    SplitScans.self,
    ReadOnceForAllSteps.self,
    UpdateEarly.self,
    ShareNorms.self,
    LowerConvolutions.self,
    DivideReductions.self,
    FoldTransposes.self,
    LowerSums.self,
    FoldIntoSplices.self,
    ReadRepeatedAsScalars.self,
    RecomputeForBackward.self,
    RecomputeCheckpoints.self,
    CopyShownSources.self,
  ]

  /// - Parameter record: notes what each pass did, for whoever wants to know.
  static func apply(
    to storage: consuming GraphStorage, roots: Roots, for purpose: CompiledPurpose, record: CompilationRecord? = nil
  ) -> IntermediateGraph {
    var report = PassReport(of: purpose)
    report?.begin(storage.count)
    record?.begin(nodeCount: storage.count)
    var graph = Simplify.apply(to: Formula.replaceValues(in: storage), roots: roots, purpose.options)
    report?.tell("simplify", graph)
    record?.note("simplify", graph)
    for pass in all where pass.isWanted(for: purpose) && purpose.options.runs(pass) {
      graph = pass.apply(to: graph, for: purpose)
      graph._checkInvariants()
      report?.tell(pass.name, graph)
      record?.note(pass.name, graph)
    }
    return graph
  }
}

extension Program.Options {
  /// Whether a pass was not left out.
  func runs(_ pass: any GraphPass.Type) -> Bool { CompilerPass(rawValue: pass.name).map(runs) ?? true }
}

/// What passes did, on the standard error, if the environment's `ADJOINT_PASSES` asks for it: for each pass its name,
/// how many nodes are computed after it, and its time; with `ADJOINT_PASSES=graph` also the graph as text.
private struct PassReport {
  private let showsGraph: Bool
  private var start = ContinuousClock.now

  init?(of purpose: CompiledPurpose) {
    guard let wish = Self.wish else { return nil }
    showsGraph = wish == "graph"
    write("passes of \(purpose.isBody ? "the body of a loop" : "a program")")
  }

  private static let wish = ProcessInfo.processInfo.environment["ADJOINT_PASSES"].flatMap { $0.isEmpty ? nil : $0 }

  mutating func begin(_ count: Int) {
    write("  as built: \(count) nodes")
    start = .now
  }

  mutating func tell(_ name: String, _ graph: IntermediateGraph) {
    let time = ContinuousClock.now - start
    let microseconds = (time / .nanoseconds(100)).rounded() / 10
    write("  \(name): \(graph.computedCount) nodes, \(microseconds) µs")
    if showsGraph { write(graph.description) }
    start = .now
  }

  private func write(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
