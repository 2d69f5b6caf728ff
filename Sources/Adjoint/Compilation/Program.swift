internal import DependencyScheduling

/// How the contributions to a copy gate's gradient are added up.
public enum Accumulation: Hashable, Sendable {
  /// In the order the graph fixes. Each contribution is published by one atomic operation, and whoever completes the
  /// set adds it; so gradients are the same bits at every width, run after run.
  case graphOrder
  /// As they come: each producer adds its contribution into the gradient at once, by compare-exchange for scalars and
  /// by claiming stripes of it for tensors. No contribution is lost, but float addition is not associative, so the last
  /// bits depend on the interleaving.
  case arrivalOrder
}

/// A compiled graph: immutable, to be run by any number of sessions at once.
///
/// ```swift
/// let program = try Program(loss, gradientsFor: graph.parameters)
/// let session = program.makeSession()
/// ```
/// Compiling recognises the sigmoid, differentiates, folds constants, shares common subexpressions, drops what nobody
/// needs, lets products add themselves to the sums they belong to, packs matrices once for all products that read them,
/// fuses elementwise gates into chains, divides large gates and groups small ones into units of work, and plans which
/// buffer follows which in memory. The graph itself is not changed.
public final class Program: Sendable {
  public struct Options: Hashable, Sendable {
    public var accumulation = Accumulation.graphOrder
    /// Whether buffers share memory once their last reader is done, and are written over in place. Turning it off
    /// costs memory and changes no bit; it exists so that tests can verify this.
    public var reusesBuffers = true
    /// Scopes whose values the backward pass computes again instead of keeping them since the forward pass: the names
    /// given to ``Graph/scope(_:_:)``, with those of the scopes around.
    ///
    /// ```swift
    /// let options = Program.Options(checkpointing: ["block1", "block2"])
    /// ```
    /// Kept is what is read outside the scope; the rest takes memory for as long as the scope computes, once forward
    /// and once backward, at the price of running its gates twice: a gate of your own must give the same result both
    /// times. What lies in a scope within belongs to the outermost that is named. Values and gradients are the same
    /// bits as without. See <doc:Memory>.
    public var checkpointedScopes: [String] = []
    /// Whether units of work are sized by speeds that are measured once in this process, or by nominal ones, which give
    /// the same units everywhere. Bits do not depend on it.
    public var measuresCosts = true
    /// The nanoseconds of work that close a unit. With 0 every node is a unit of its own, so that a test of small
    /// graphs still meets every interleaving.
    package var unitWork = CostModel.unit
    /// How small the parts of calls are; `nil` for what the graph asks for.
    package var division: Division?
    /// Whether elementwise gates are fused into chains. Turning it off changes no bit; it exists so
    /// that tests can verify this.
    package var fusesElementwise = true
    /// Whether right matrices of products are packed wherever they can be, so that tests of small graphs meet it.
    package var packsAll = false
    /// Passes that are left out, so that tests can compare a program with each pass and without it.
    package var leftOut: Set<CompilerPass> = []
    /// Whether debug builds end the process where a plan breaks a rule. A test that asks for the rules itself does not
    /// want that.
    package var checksPlan = true

    /// The speeds that costs are worked out with.
    var costs: CostModel { measuresCosts ? .measured : .nominal }

    func runs(_ pass: CompilerPass) -> Bool { !leftOut.contains(pass) }
    public init(
      accumulation: Accumulation = .graphOrder, reusesBuffers: Bool = true, checkpointing scopes: [String] = []
    ) {
      self.accumulation = accumulation
      self.reusesBuffers = reusesBuffers
      checkpointedScopes = scopes
    }
  }

  package let graph: Graph
  let options: Options
  let plan: ProgramPlan
  let endpoints: Endpoints
  /// Where the plan's nodes come from.
  let provenance: Provenance
  /// What all sessions read, and none writes.
  let constants: ConstantMemory
  /// What it was compiled from: the same order gives the same plan again.
  let order: Compilation
  /// What runs of each pass have taught about sharing them out, for all sessions.
  let learned = (forward: LearnedSharing(), backward: LearnedSharing(), step: LearnedSharing())
  /// The warm sessions of requests that were served without a pool of their own.
  let warmSessions = WarmSessionsOfStores()

  /// Compiles `outputs` and, for each of `variables`, the gradient of Σ outputs · upstream; `others` are more values to
  /// compute, which are not differentiated, such as predictions beside a loss. A step puts the values of `updates` in
  /// place when it has succeeded.
  ///
  /// With `guarded` values, such as a loss and the gradients that updates are made of, a step or a backward pass fails
  /// with ``SessionError/notFinite(_:producer:)`` if any of their elements is NaN or infinite, before any update is put
  /// in place: parameters keep their bits, and the error names the first producer. Each is looked at once, while it is
  /// hot, by gates that the program gets for it; without any there is nothing to look at.
  ///
  /// ```swift
  /// let slope = try graph.gradients(of: [loss], withRespectTo: [w])[0]!
  /// let program = try Program(
  ///   loss, updating: [ParameterUpdate(w, to: w - 0.1 * slope)], requiringFinite: [loss, slope])
  /// ```
  ///
  /// - Throws: ``GraphError``: the first poisoned node that the outputs read; a variable that no gradient reaches, with
  ///   the gate where the path stops; an update that does not fit its parameter; a gate whose estimate of its own cost
  ///   is negative, infinite or NaN; a checkpointed scope that the graph does not have.
  /// - Complexity: O(nodes + edges).
  public init(
    _ outputs: [Node], gradientsFor variables: [Node] = [], alsoComputing others: [Node] = [],
    updating updates: [ParameterUpdate] = [], requiringFinite guarded: [Node] = [], options: Options = Options(),
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) {
    demand(!outputs.isEmpty, "A program computes at least one output")
    graph = outputs[0].graph
    self.options = options
    try graph.checkOwn(outputs + others + variables + guarded, readBy: "the program")
    try graph.check(updates)
    order = Compilation(
      source: graph.snapshot(), outputs: outputs.map(\.id), variables: variables.map(\.id), others: others.map(\.id),
      updates: updates.map { ($0.parameter.id, $0.value.id) }, guarded: guarded.map(\.id), options: options,
      fileID: fileID, line: line)
    let compiled = try order.run()
    (plan, endpoints, provenance) = (compiled.plan, compiled.endpoints, compiled.provenance)
    constants = ConstantMemory(plan.placement.constants)
  }

  /// Compiles one output and the gradients of `variables`.
  public convenience init(
    _ output: Node, gradientsFor variables: [Node] = [], alsoComputing others: [Node] = [],
    updating updates: [ParameterUpdate] = [], requiringFinite guarded: [Node] = [], options: Options = Options(),
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) {
    try self.init(
      [output], gradientsFor: variables, alsoComputing: others, updating: updates, requiringFinite: guarded,
      options: options, fileID: fileID, line: line)
  }

  /// The number of units that workers run, forward and backward.
  public var unitCount: Int { plan.unitCosts.count }

  // MARK: what messages need

  /// The user's nodes as they were when the program was compiled.
  var names: GraphState { order.source }

  /// Compiles once more, and compares the plan with the graph that it is for.
  func check() throws(GraphError) -> PlanCheck { try order.run().check }

  /// The line of an error message that names what `node` of the plan computes.
  func describe(_ node: NodeID) -> String { provenance.describe(node) }
}
