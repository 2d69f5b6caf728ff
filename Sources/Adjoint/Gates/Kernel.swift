internal import DependencyScheduling
package import Kernels

/// How a gate's result is computed: one of the package's kernels, or your own.
public struct Kernel: Sendable {
  /// What passes of the compiler know of: they look for these to fuse, move or share them. All others are structured.
  package enum Form: Sendable {
    /// The value comes from outside: input, parameter, constant.
    case source
    /// The result is the operand's own elements, under another shape.
    case alias
    case elementwise(ElementwiseOperation)
    /// The copy gate's adder: the operands are added in order.
    case accumulate
    case reduce(ReduceOperation, axes: [Int])
    /// The first part of a reduction of long rows: to one element a leaf.
    case reduceLeaves(ReduceOperation, LeafPlan)
    case matmul(transposeA: Bool, transposeB: Bool)
    case transpose([Int])
    case broadcast
    case slice(starts: [Int])
    case pad(starts: [Int])
    case concatenate(axis: Int)
    /// Of each operand where it begins along the axis, in order; what lies between them is zero.
    case sumOfPads(axis: Int, starts: [Int])
    /// Of each operand the rows, and where in the result they begin.
    case spliceRows([(rows: Range<Int>, start: Int)])
    case gatherRows
    /// By gates that the compiler puts in the gate's place.
    case composed
    /// A ``Scan``.
    case scan(any Gate)
    /// Elements of a packed value.
    case scanPart(start: Int)
    /// A kernel of which passes know nothing: how near it is to the definition, and its call.
    case structured(KernelAccuracy, @Sendable (CallShapes) -> any KernelCall)
    case custom(@Sendable (KernelArguments) throws -> Void)
    /// The formula of an elementwise gate that has no kernel of its own.
    case formula(any ElementwiseGate)
  }
  package let form: Form
  package init(_ form: Form) { self.form = form }

  static func structured(
    _ accuracy: KernelAccuracy, _ make: @escaping @Sendable (CallShapes) -> any KernelCall
  ) -> Kernel {
    Kernel(.structured(accuracy, make))
  }

  /// Your own kernel. It runs on any worker thread and must write every element of the output.
  ///
  /// It runs once a run, but in a scan once for each step, and in a checkpointed scope once more where backward
  /// computes the scope again: the same operands give the same output each time. When it first runs in a program, it is
  /// looked at whether it has written every element; one that has not ends the run with ``KernelFault``.
  ///
  /// If it takes far longer than a few nanoseconds an element, state that in ``Gate/estimatedNanoseconds(_:)``.
  ///
  /// An error it throws stops the run, and the run throws it as ``SessionError/gateFailed(node:gate:_:)`` with the
  /// node's name; the session stays usable.
  public static func custom(_ body: @escaping @Sendable (KernelArguments) throws -> Void) -> Kernel {
    Kernel(.custom(body))
  }

  /// Your own kernel, with all that one of the package's has: divided among workers, written over an operand that
  /// nobody reads afterwards, and at a cost of its own.
  ///
  /// What holds of ``custom(_:)`` holds here too. The gate states its ``Gate/definition(_:shape:)``.
  ///
  /// - Parameter make: makes the call for operands of given types and shapes, at any time and on any thread. If what
  ///   it makes has no part, an impossible cost, or reads or writes beyond a value, compiling a ``Program`` throws
  ///   a ``GraphError`` of kind ``GraphError/Kind-swift.struct/wrongKernelCall``.
  public static func calls(_ make: @escaping @Sendable (CallShapes) -> any KernelCall) -> Kernel {
    Kernel(.structured(.ofAuthor, make))
  }
}

/// How far a structured kernel may be from its gate's definition, which the laws of gates hold it to.
package enum KernelAccuracy: Sendable {
  /// Elements are moved, compared, multiplied once, or added one after the other as the definition does.
  case exact
  /// Exact to far below a last place, then rounded.
  case rounded
  /// Sums of products, in any order.
  case sums
  /// Exponentials, their sum, a quotient or a logarithm: each within four last places.
  case exponentials
  /// The arithmetic of a gate from outside the package against its own definition.
  case ofAuthor
}

/// The operands and the result of one run of a custom kernel, valid until it returns.
public struct KernelArguments {
  let inputs: [(base: UnsafeRawPointer, type: ElementType, shape: Shape)]
  let output: (base: UnsafeMutableRawPointer, type: ElementType, shape: Shape)

  /// The number of operands.
  public var inputCount: Int { inputs.count }
  /// The extents of one operand, counted in elements.
  ///
  /// - Parameter position: of the operand, counted from 0.
  /// - Throws: ``KernelFault`` for an operand that is not there.
  public func inputShape(_ position: Int) throws(KernelFault) -> Shape { try operand(position).shape }
  /// The number format of one operand's elements.
  ///
  /// - Parameter position: of the operand, counted from 0.
  /// - Throws: ``KernelFault`` for an operand that is not there.
  public func inputType(_ position: Int) throws(KernelFault) -> ElementType { try operand(position).type }

  private func operand(
    _ position: Int
  ) throws(KernelFault) -> (base: UnsafeRawPointer, type: ElementType, shape: Shape) {
    guard inputs.indices.contains(position) else {
      throw KernelFault("the kernel reads operand \(position), and the gate has \(counted(inputs.count, "operand"))")
    }
    return inputs[position]
  }
  /// The extents of the result, counted in elements, as the gate's shape rule gave them.
  public var outputShape: Shape { output.shape }
  /// The number format of the result's elements, as the gate's type rule gave it.
  public var outputType: ElementType { output.type }

  /// The elements of one operand, row-major; valid until the kernel returns.
  ///
  /// - Parameters:
  ///   - position: of the operand, counted from 0.
  ///   - type: that of its elements.
  /// - Throws: ``KernelFault`` for an operand that is not there, or that holds another type. Let it end the kernel: the
  ///   run fails with ``SessionError/gateFailed(node:gate:_:)``, which names the gate and the line that applied it.
  public func input<T: GraphScalar>(
    _ position: Int, as type: T.Type = T.self
  ) throws(KernelFault) -> UnsafeBufferPointer<T> {
    let operand = try operand(position)
    guard T.elementType == operand.type else {
      throw KernelFault("operand \(position) holds \(operand.type), and the kernel reads \(T.elementType)")
    }
    let count = operand.shape.elementCount
    return UnsafeBufferPointer(start: operand.base.assumingMemoryBound(to: T.self), count: count)
  }

  /// The elements of the result, row-major, not initialised; valid until the kernel returns.
  ///
  /// - Parameter type: that of its elements.
  /// - Throws: ``KernelFault`` if it holds another type.
  public func output<T: GraphScalar>(as type: T.Type = T.self) throws(KernelFault) -> UnsafeMutableBufferPointer<T> {
    guard T.elementType == output.type else {
      throw KernelFault("the result holds \(output.type), and the kernel writes \(T.elementType)")
    }
    let count = output.shape.elementCount
    return UnsafeMutableBufferPointer(start: output.base.assumingMemoryBound(to: T.self), count: count)
  }

  func reference(_ position: Int) -> ReferenceTensor {
    let operand = inputs[position]
    let values = operand.type.doubles(at: operand.base, count: operand.shape.elementCount)
    return ReferenceTensor(operand.shape, operand.type, values)
  }

  /// - Throws: ``ValueError`` for a NaN, or a number out of range, in a result of integers.
  func write(_ result: ReferenceTensor) throws {
    if let wrong = output.type.firstOutOfRange(result.values) {
      throw ValueError(description: "the result holds \(output.type), and \(wrong) is none")
    }
    result.values.withUnsafeBufferPointer { output.type.write($0, to: output.base) }
  }
}

/// A value that its element type does not have: found while running.
struct ValueError: Error, Hashable, Sendable, CustomStringConvertible {
  let description: String
}
