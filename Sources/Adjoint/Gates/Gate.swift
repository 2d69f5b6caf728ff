internal import DependencyScheduling
internal import Kernels
internal import Notation

/// A kind of operation: its shape rule, its kernel, its slow definition, its pullback, and its pushforward.
///
/// Backward, each gate turns the gradient of its output into the gradients of its inputs, knowing nothing of the graph
/// around it: **downstream = upstream · local**, and 0 where the upstream is 0, which ``downstream(_:_:fileID:line:)``
/// sees to. The rule is written in terms of gates, so that gradients are graphs too and can be differentiated again,
/// and no Jacobian is ever formed. Forward, it turns the tangents of its inputs into the tangent of its output, by the
/// same local derivative: the pushforward follows from the pullback unless it is stated.
///
/// ```swift
/// struct Cube: ElementwiseGate {                                   // y = x³
///   static let name = "cube"
///   func value(_ x: ElementOperands) -> Double { x[0] * x[0] * x[0] }
///   func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
///     [downstream(upstream, 3 * square(node.inputs[0]))]           // ∂y/∂x = 3x²
///   }
/// }
/// let y = graph.apply(Cube(), to: [x])
/// ```
/// A gate is a value: two equal gates applied to the same inputs are computed once.
public protocol Gate: Hashable, Sendable {
  /// What messages, drawings and traces call it.
  static var name: String { get }

  /// What a picture writes into the gate: `×`, `max`; the name, unless the gate says otherwise.
  static var symbol: String { get }

  /// The same gate with the axes that it names counted from the front, given the shapes of its operands; by default the
  /// gate itself. See ``AxisGate``.
  ///
  /// A graph asks for it when the gate is applied, before anything else, and keeps the answer: all other rules of a
  /// gate in a graph meet axes that exist, none of them negative.
  func countingAxesFromTheFront(in inputs: [Shape]) throws(ShapeError) -> Self

  /// The shape of the result, or why the operands do not fit.
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape

  /// The element type of the result; by default the one that all operands share, ``ElementType/float32`` or
  /// ``ElementType/float64``.
  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType

  /// How the result is computed.
  var kernel: Kernel { get }

  /// What the result *is*, as slowly and plainly as it can be said: the oracle that kernels are tested against.
  func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor

  /// The gradient of each input, given the gradient of the output; `nil` where there is none.
  ///
  /// A gradient may have the output's broadcast shape: differentiation sums it down to the input's.
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?]

  /// The tangent of the output, given the tangent of each input: ẏ = Σ ∂y/∂xᵢ · ẋᵢ.
  ///
  /// `nil` stands for zero, in `tangents`, of which at least one is there, and in the answer. A tangent may have a
  /// shape that broadcasts to the output's.
  ///
  /// State it where it is simpler than what follows from the pullback, which is the default: for an elementwise gate
  /// the pullback of each tangent by itself, for a ``LinearGate`` the gate itself, for any other the transposed
  /// pullback. A pullback that is not linear in the upstream gradient, reads nodes other than its application's, or
  /// uses a gate that no gradient passes through has no transpose: ``GraphError/Kind-swift.struct/noPushforward`` names
  /// the node.
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node?

  /// About how many nanoseconds one run of a ``Kernel/custom(_:)`` kernel takes on operands of these shapes; `nil`, the
  /// default, leaves the guess to the compiler.
  ///
  /// The compiler puts cheap gates together into units of work, and gives an expensive one a unit of its own, which can
  /// run at the same time as others. It guesses that a custom kernel takes four nanoseconds for each element that it
  /// reads or writes, and the formula of an ``ElementwiseGate`` one for each element that it writes. State the cost of
  /// a kernel that takes far longer, such as a simulation of 50 ms on a few numbers:
  ///
  /// ```swift
  /// func estimatedNanoseconds(_ inputs: [Shape]) -> Double? { 50e6 }
  /// ```
  /// Right within a factor of a few is enough. A wrong estimate costs time and changes no bit. If it is too low, gates
  /// that could run side by side run one after the other; if it is too high, workers are woken for too little work.
  ///
  /// Compiling a ``Program`` asks for it, maybe several times, for each application that the program needs, also in
  /// gradients and in the bodies of scans, where it is the cost of one step. The answer depends on the gate and the
  /// shapes alone. A gate with one of the package's kernels is not asked, nor is one whose kernel is a ``KernelCall``,
  /// which states its cost itself. A negative, infinite or NaN estimate is a
  /// ``GraphError`` of kind ``GraphError/Kind-swift.struct/wrongEstimate``.
  func estimatedNanoseconds(_ inputs: [Shape]) -> Double?
}

extension Gate {
  public static var symbol: String { name }

  public func countingAxesFromTheFront(in inputs: [Shape]) throws(ShapeError) -> Self { self }

  public func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    try arithmeticType(inputs)
  }

  /// The element type that `inputs` share, which the gate computes with.
  func arithmeticType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    let shared = try sharedType(inputs)
    try shared.checkArithmetic(in: Self.name)
    return shared
  }

  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    node.differentiation.transposedPullback(of: node.id, tangents)
  }

  public func estimatedNanoseconds(_ inputs: [Shape]) -> Double? { nil }

  /// The definition of a gate that is nothing but its custom kernel.
  public func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor {
    guard case .custom(let body) = kernel.form else {
      throw KernelFault("the gate \(Self.name) needs a definition beside its kernel")
    }
    return try ReferenceTensor.running(body, inputs, type: try elementType(inputs.map(\.elementType)), shape: shape)
  }

  func checkCount(_ inputs: [Shape], _ expected: Int) throws(ShapeError) {
    guard inputs.count == expected else {
      throw ShapeError("\(Self.name) reads \(NumberText.count(expected, "operand")), got \(inputs.count)")
    }
  }
}

/// The element type of operands that have one: what a gate that only moves elements makes of any type.
func sharedType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
  guard let first = inputs.first else { return .float32 }
  guard let other = inputs.firstIndex(where: { $0 != first }) else { return first }
  let reason = "the operands' element types differ: \(first) and \(inputs[other])"
  // What is computed with stays what it is; of two such types, or of two others, the first does.
  if inputs[other].hasArithmetic, !first.hasArithmetic {
    throw ShapeError(reason, casting: 0, to: inputs[other])
  }
  let isEither = first.hasArithmetic == inputs[other].hasArithmetic
  throw ShapeError(reason, OperandCast(operand: other, type: first, partner: isEither ? 0 : nil))
}

extension ElementType {
  /// - Parameters:
  ///   - gate: what is to compute with elements of this type.
  ///   - operand: the position of an operand that holds them.
  /// - Throws: unless the gate does.
  func checkArithmetic(in gate: String, operand: Int = 0) throws(ShapeError) {
    guard hasArithmetic else {
      throw ShapeError(
        "\(gate) has no kernel for \(self): cast it to float32 or float64 first", casting: operand, to: .float32)
    }
  }
}

/// A gate that works along axes of its first operand, which it is given by number: a negative one counts from the end,
/// -1 being the last axis. An axis that does not exist, or is named twice, is a ``GraphError``.
public protocol AxisGate: Gate {
  /// The axes; in a graph they are counted from the front, and ascend.
  var axes: [Int] { get }

  /// The same gate along other axes, as many.
  func along(_ axes: [Int]) -> Self
}

extension AxisGate {
  public func countingAxesFromTheFront(in inputs: [Shape]) throws(ShapeError) -> Self {
    guard let shape = inputs.first else { return self }  // for the shape rule to refuse
    return along(try shape.normalized(axes: axes))
  }
}

/// One application of a gate as its pullback and its pushforward see it.
public struct GateApplication {
  let differentiation: Differentiation
  let id: NodeID
  /// The one input that a gradient is needed of, where there is but one.
  private var onlyNeeded: Int?

  init(differentiation: Differentiation, id: NodeID) {
    self.differentiation = differentiation
    self.id = id
  }

  /// The same application, with a gradient needed of one input alone.
  func needing(only position: Int) -> GateApplication {
    var application = self
    application.onlyNeeded = position
    return application
  }

  /// The node whose rule is asked for: its value is the gate's result.
  public var output: Node { Node(graph: differentiation.graph, id: id) }

  /// The gate's operands.
  public var inputs: Inputs { Inputs(differentiation: differentiation, id: id) }

  /// Whether anything asked for needs the gradient of input `position`: others need not be built.
  public func needsGradient(_ position: Int) -> Bool {
    if !inputs.indices.contains(position) { return false }
    if let onlyNeeded { return position == onlyNeeded }
    return differentiation.isActive(differentiation.forward.input(position, of: id))
  }

  public struct Inputs: RandomAccessCollection {
    let differentiation: Differentiation
    let id: NodeID
    public var startIndex: Int { 0 }
    public var endIndex: Int { differentiation.forward.inputCount(of: id) }
    /// The operand at `position`. One that is not there is a node that no program compiles: its ``GraphError`` names
    /// the gate.
    public subscript(position: Int) -> Node {
      guard (startIndex..<endIndex).contains(position) else {
        return differentiation.refusedOperand(at: position, of: id)
      }
      return Node(graph: differentiation.graph, id: differentiation.forward.input(position, of: id))
    }
  }
}
