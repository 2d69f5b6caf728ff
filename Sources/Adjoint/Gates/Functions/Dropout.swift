internal import DependencyScheduling
internal import Kernels

/// Dropout: y = x / (1 − rate) where an element is kept, 0 where it is dropped, with probability `rate`.   A router:
/// x̄ = ȳ / (1 − rate) where it was kept, 0 elsewhere: the same gate at the same step.
///
/// Which elements are kept is a function of seed, stream, step and place: word i of the counter-based generator Philox
/// 4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011). No mask is stored: a
/// backward pass, a derivative of it and a run of the same step again compute the same bits, at any width.
///
/// Reads x and the step, an int32 scalar.
package struct Dropout: LinearGate, SampledGate {
  package static let name = "dropout"
  package let rate: Double, seed: UInt64
  /// Tells dropouts of one seed and step from one another.
  package let stream: UInt32

  package init(rate: Double, seed: UInt64, stream: UInt32) {
    self.rate = rate
    self.seed = seed
    self.stream = stream
  }

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 2)
    guard rate >= 0, rate < 1 else { throw ShapeError("a dropout rate is at least 0 and below 1, got \(rate)") }
    guard inputs[1] == .scalar else { throw ShapeError("a step is one number, got shape \(inputs[1])") }
    return inputs[0]
  }
  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    guard let x = inputs.first else { throw ShapeError("\(Self.name) reads 2 operands, got none") }
    try x.checkArithmetic(in: Self.name)
    if let step = inputs.dropFirst().firstIndex(where: { $0 != .int32 }) {
      throw ShapeError("a step is an int32, got \(inputs[step])", casting: step, to: .int32)
    }
    return x
  }

  package var kernel: Kernel {
    .structured(.exact) { DropoutCall(DropoutPlan(rate: rate, seed: seed, stream: stream), $0) }
  }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let (x, step) = (inputs[0], UInt32(bitPattern: Int32(rounding: inputs[1].values[0])))
    let plan = DropoutPlan(rate: rate, seed: seed, stream: stream)
    let words = (0..<UInt64((x.values.count + 3) / 4)).flatMap { plan.words(counter: $0, step: step) }
    let scale = x.elementType.rounded(plan.scale)
    return ReferenceTensor(shape, x.elementType, zip(x.values, words).map { $1 >= plan.threshold ? $0 * scale : 0 })
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(self, to: [upstream, node.inputs[1]]), nil]
  }

  package static let samples = [
    GateSample(Dropout(rate: 0.5, seed: 1, stream: 2), .uniform([3, 7]), .integers([], below: 1000)),
    GateSample(Dropout(rate: 0.1, seed: 1 << 40, stream: 0), .uniform([]), .integers([], below: 1000)),
    GateSample(Dropout(rate: 0, seed: 3, stream: 1), .uniform([5]), .integers([], below: 1000)),
  ]
}

extension Dropout: RowwiseGate {
  /// What is dropped depends on where in the batch a row lies.
  package func keepsRowsApart(_ application: RowApplication) -> Bool { false }
}

/// x with a share `rate` of its elements, drawn anew each step, set to 0 and the others divided by 1 − `rate`, so that the
/// mean stays (Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014).
///
/// ```swift
/// let step = graph.parameter("step", [], .zeros, .int32)
/// let hidden = dropout(relu(images.matmul(weights)), rate: 0.5, step: step, seed: 1)
/// let loss = square(hidden).mean()
/// let program = try Program(
///   loss, gradientsFor: [weights], updating: [ParameterUpdate(step, to: step.advanced(by: 1))])
/// ```
/// Elements are drawn by `seed`, `step` and the place of this dropout among those of its scope: whether it is the first
/// dropout made in ``Graph/scope(_:_:)`` of that name, or in no scope, or the second. So dropouts of one seed differ
/// from one another, a graph built in the same order draws the same again, and nothing else that is added to the graph
/// changes what is drawn: neither other gates nor dropouts in other scopes. What is computed again, in a checkpointed
/// scope or by a derivative, draws what was drawn the first time, and so does each step of a scan, unless it is given
/// another `step`.
///
/// `rate` is the probability of an element to be dropped, in 0..<1; another one is an error when compiling. `step` is an
/// int32 scalar: a parameter that each step moves on, which is saved and resumed with the others, or an input that is fed
/// the number of each step. The same number draws the same elements again. With `isTraining` false, for inference,
/// nothing is dropped: x itself is returned, and no step is read.
///
/// - Complexity: O(elements), in backward too: no mask is stored, it is drawn again.
public func dropout(
  _ x: Node, rate: Double, step: Node, seed: UInt64, isTraining: Bool = true,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  if !isTraining, rate >= 0, rate < 1 { return x }
  x.graph.check(step)
  let stream = x.graph.withState { $0.takeDropoutStream() }
  return x.graph.apply(
    Dropout(rate: rate, seed: seed, stream: stream), to: [x, step], fileID: fileID, line: line)
}

/// The streams of a graph's dropouts: a number for each, by its place among the dropouts of its scope.
struct DropoutStreams: Sendable {
  /// How many dropouts each scope has, by the scope's number.
  private var counts: [UInt32: UInt64] = [:]
  private var taken: Set<UInt32> = []

  /// The stream of one more dropout in a scope.
  ///
  /// It is a hash of the scope's name and the dropout's place, so that it does not depend on what other scopes there
  /// are; where another dropout has that number already, which is once in 2³² times, the next one that is free.
  mutating func take(inScope number: UInt32, named path: String) -> UInt32 {
    let place = counts[number, default: 0]
    counts[number] = place + 1
    var generator = SeededGenerator(seed: ExactName(path).fixedHash &+ place)
    var stream = UInt32(truncatingIfNeeded: generator.next() >> 32)
    while !taken.insert(stream).inserted { stream &+= 1 }
    return stream
  }
}
