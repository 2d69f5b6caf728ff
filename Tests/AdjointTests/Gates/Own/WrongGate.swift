import Adjoint

/// y = x, by a gate from outside the package that gives one wrong answer.
struct WrongGate: Gate {
  enum Mistake: String, CaseIterable, Sendable {
    case none
    // The rules that a graph asks when the gate is applied.
    case axisMissing, shapeThrows, shapeEmpty, shapeNegative, shapeHuge, shapeDeep, typeThrows
    // Derivatives.
    case noGradients, twoGradients, gradientShape, gradientType, gradientOfOtherGraph, gradientMissing
    case readsMissingOperand, mixesOtherGraph
    case tangentShape, tangentType, tangentOfOtherGraph, tangentMixesOtherGraph
    // What compiling asks.
    case estimateNegative, estimateInfinite, estimateNaN
    // What a worker asks.
    case typeOfOtherKernel, readsOtherType, readsMissing, asksMissingShape, asksMissingType, kernelThrows
    case kernelCancels, writesNothing, writesHalf
  }
  static let name = "wrongGate"
  let mistake: Mistake
  /// A node of another graph.
  static let stranger = Graph().input("stranger", [4])

  func countingAxesFromTheFront(in inputs: [Shape]) throws(ShapeError) -> WrongGate {
    if mistake == .axisMissing { throw ShapeError("axis 7 is not there") }
    return self
  }

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    switch mistake {
    case .shapeThrows: throw ShapeError("it will have none of it")
    case .shapeEmpty: return [0]
    case .shapeNegative: return [-4]
    case .shapeHuge: return [.max, .max]
    case .shapeDeep: return Shape([Int](repeating: 1, count: 33))
    default: return inputs[0]
    }
  }

  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    switch mistake {
    case .typeThrows: throw ShapeError("it wants other elements")
    case .typeOfOtherKernel: return .float64
    default: return inputs[0]
    }
  }

  var kernel: Kernel {
    .custom { arguments in
      switch mistake {
      case .readsOtherType: _ = try arguments.input(0, as: Double.self)
      case .readsMissing: _ = try arguments.input(5, as: Float.self)
      case .asksMissingShape: _ = try arguments.inputShape(-1)
      case .asksMissingType: _ = try arguments.inputType(1)
      case .kernelThrows: throw Refusal()
      case .kernelCancels: throw CancellationError()
      case .writesNothing: return
      default: break
      }
      let (x, y) = (try arguments.input(0, as: Float.self), try arguments.output(as: Float.self))
      for index in y.indices where mistake != .writesHalf || index < 2 { y[index] = x[index] }
    }
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    switch mistake {
    case .noGradients: []
    case .twoGradients: [upstream, upstream]
    case .gradientShape: [upstream.sliced(0..<3)]
    case .gradientType: [upstream.cast(to: .float64)]
    case .gradientOfOtherGraph: [Self.stranger]
    case .gradientMissing: [nil]
    case .readsMissingOperand: [upstream * node.inputs[5]]
    case .mixesOtherGraph: [upstream * Self.stranger]
    case .typeOfOtherKernel: [upstream.cast(to: .float32)]
    default: [upstream]
    }
  }

  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    switch mistake {
    case .tangentShape: tangents[0]!.sliced(0..<3)
    case .tangentType: tangents[0]!.cast(to: .float64)
    case .tangentOfOtherGraph: Self.stranger
    case .tangentMixesOtherGraph: tangents[0]! * Self.stranger
    default: tangents[0]
    }
  }

  func estimatedNanoseconds(_ inputs: [Shape]) -> Double? {
    switch mistake {
    case .estimateNegative: -1
    case .estimateInfinite: .infinity
    case .estimateNaN: .nan
    default: nil
    }
  }

  struct Refusal: Error, CustomStringConvertible {
    var description: String { "it refuses" }
  }
}

/// A gate whose call workers may share out, and which gives one wrong answer.
struct WrongCallGate: Gate {
  static let name = "wrongCallGate"
  let mistake: WrongCall.Mistake
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .calls { WrongCall(mistake, $0.result.shape.elementCount) } }
  func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor { inputs[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}

final class WrongCall: KernelCall {
  enum Mistake: String, CaseIterable, Sendable {
    case none
    case noPart, negativeParts, tooManyParts, stepZero, stepNegative, countZero, countNegative, countHigher
    case costNaN, costNegative, costInfinite
    case readsBeyond, readsBefore, partReadsMore
    case writesLess, writesBeyond, partsOverlap, partsLeaveGap, partsEndEarly, partsUnsaid
    // What a worker meets.
    case throwing, writesNothing, partWritesHalf, spoilsOperand
  }
  static let name = "wrong call"
  private let mistake: Mistake
  private let count: Int

  init(_ mistake: Mistake, _ count: Int) { (self.mistake, self.count) = (mistake, count) }

  var extent: Int {
    switch mistake {
    case .noPart: 0
    case .negativeParts: -3
    case .tooManyParts: .max
    case .spoilsOperand: 1
    default: count
    }
  }

  func cutStep(for count: inout Int, grain: Int) -> Int {
    switch mistake {
    case .countZero: count = 0
    case .countNegative: count = -2
    case .countHigher: count += 1
    default: break
    }
    return mistake == .stepZero ? 0 : mistake == .stepNegative ? -8 : 1
  }

  private func isWhole(_ range: Range<Int>) -> Bool { range == 0..<extent }

  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    switch mistake {
    case .readsBeyond: range.lowerBound..<range.upperBound + 1
    case .readsBefore: range.lowerBound - 1..<range.upperBound
    case .partReadsMore where !isWhole(range): range.lowerBound..<range.upperBound + 1
    case .spoilsOperand: 0..<count
    default: range
    }
  }

  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? {
    switch mistake {
    case .writesLess: range.dropLast()
    case .writesBeyond: range.lowerBound..<range.upperBound + 1
    case .partsOverlap where !isWhole(range): 0..<range.upperBound
    case .partsLeaveGap where !isWhole(range): range.lowerBound + 1..<range.upperBound
    case .partsEndEarly where !isWhole(range): range.lowerBound..<min(range.upperBound, count - 1)
    case .partsUnsaid where !isWhole(range): nil
    case .spoilsOperand: 0..<count
    default: range
    }
  }

  func mayOverwrite(operand position: Int, by number: Int) -> Bool { true }

  func cost(at speeds: CostModel) -> Float {
    switch mistake {
    case .costNaN: .nan
    case .costNegative: -1
    case .costInfinite: .infinity
    default: 1e6
    }
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    if mistake == .throwing { throw WrongGate.Refusal() }
    if mistake == .writesNothing { return }
    let x = inputs[0].assumingMemoryBound(to: Float.self), y = outputs[0].assumingMemoryBound(to: Float.self)
    if mistake == .spoilsOperand {
      // Each element is the one before it, which is written over already if the result lies over the operand.
      y[0] = x[0]
      for index in 1..<count { y[index] = x[index - 1] }
      return
    }
    let end = mistake == .partWritesHalf ? range.lowerBound + range.count / 2 : range.upperBound
    for index in range.lowerBound..<end { y[index] = x[index] }
  }
}
