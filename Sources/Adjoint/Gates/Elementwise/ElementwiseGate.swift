internal import Kernels

/// A gate that computes each element of its result from the elements in the same place, operands broadcasting.
///
/// One formula on doubles is all that its value needs. Workers share the elements, and the result may lie where an
/// operand does. Compiled with optimisation, the formula is part of a loop over a block of elements, which the compiler
/// makes use vectors where the formula allows it.
public protocol ElementwiseGate: Gate {
  /// The formula: one element of each operand to one element of the result. It depends on nothing else.
  func value(_ operands: ElementOperands) -> Double

  /// The formula for a block of elements: by default ``value(_:)`` of one after the other.
  ///
  /// State it where a library computes many elements faster than one after the other, to the same bits. It writes every
  /// result, on any thread, whatever other blocks there are.
  func values(_ block: ElementBlock)
}

extension ElementwiseGate {
  // Compiled where the gate is, with its formula inside.
  @inlinable
  public func values(_ block: ElementBlock) { eachValue(block) }

  /// The formula of one element after the other.
  @inlinable
  func eachValue(_ block: ElementBlock) {
    let (elements, results) = (0..<block.count, block.results)
    switch block.operandCount {
    case 0: for i in elements { results[i] = value(ElementOperands()) }
    case 1:
      let a = block.operand(0)
      for i in elements { results[i] = value(ElementOperands(a[i])) }
    case 2:
      let a = block.operand(0), b = block.operand(1)
      for i in elements { results[i] = value(ElementOperands(a[i], b[i])) }
    case 3:
      let a = block.operand(0), b = block.operand(1), c = block.operand(2)
      for i in elements { results[i] = value(ElementOperands(a[i], b[i], c[i])) }
    default:
      withUnsafeTemporaryAllocation(of: Double.self, capacity: block.operandCount) { all in
        for i in elements {
          for position in 0..<block.operandCount { all.initializeElement(at: position, to: block.operand(position)[i]) }
          results[i] = value(ElementOperands(UnsafeBufferPointer(all)))
        }
      }
    }
  }
}

extension ElementwiseGate {
  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    if case .elementwise(let operation) = kernel.form { try checkCount(inputs, operation.arity) }
    var result = Shape.scalar
    for input in inputs { result = try .broadcast(result, input) }
    return result
  }

  public var kernel: Kernel { Kernel(.formula(self)) }

  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let operands = inputs.flatMap { $0.broadcast(to: shape).values }
    let values = [Double](unsafeUninitializedCapacity: shape.elementCount) { results, count in
      count = shape.elementCount
      operands.withUnsafeBufferPointer { operands in
        let starts = inputs.indices.map { operands.baseAddress! + $0 * shape.elementCount }
        starts.withUnsafeBufferPointer { starts in
          eachValue(ElementBlock(operands: starts, results: results))
        }
      }
    }
    return ReferenceTensor(shape, inputs.first?.elementType ?? .float32, values)
  }

  /// Each element depends on the elements in its place alone, so the Jacobian is diagonal and its own transpose: what
  /// the pullback does to an upstream gradient it does to a tangent.
  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents.indices.reduce(nil) { tangent, position in
      sum(tangent, tangents[position].flatMap { pullback($0, node.needing(only: position))[position] })
    }
  }
}
