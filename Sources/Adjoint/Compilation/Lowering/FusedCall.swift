package import Kernels

/// A call that does several gates, and keeps values of the graph to itself on the way to its results. It tells these to
/// whoever looks for the first NaN of a run, who knows no kind of call.
///
/// The values are numbered as ``CallGraph/Call/chainNodes`` has their nodes.
package protocol FusedCall: KernelCall {
  /// Computes the values that the part `range` has, one after the other in the order of their numbers, until one is
  /// found. It comes before the part is run, which may write over its operands.
  ///
  /// - Parameters:
  ///   - inputs: as ``KernelCall/run(_:_:_:)`` has them; none is written.
  ///   - outputs: likewise; a result that lies over no operand may be written.
  ///   - isFound: whether a value is one that is looked for. The memory is there until it returns.
  /// - Returns: whether one was found.
  /// - Throws: what running the part would throw.
  func findsInnerValue(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>, where isFound: (InnerValue) -> Bool
  ) throws -> Bool
}

/// What a part of a call has computed of a value of the graph.
package struct InnerValue {
  /// Which of the values that the call computes.
  package var number: Int
  let type: Kernels.ElementType
  package var elementType: ElementType { ElementType(rawValue: type.rawValue)! }
  /// Where element 0 lies, if it is there.
  package let base: UnsafeRawPointer
  /// The elements that are there.
  package let elements: Range<Int>
}

/// A call that carries out elementwise operations, each of which can be asked for its own result.
package protocol ChainedCall: FusedCall {
  /// The operations of the part `range`, and for which elements they are carried out.
  func chain(_ range: Range<Int>) -> (ElementwiseChain, Kernels.ElementType, elements: Range<Int>)
}

extension ChainedCall {
  /// The result of each operation, by itself.
  package func findsInnerValue(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>, where isFound: (InnerValue) -> Bool
  ) throws -> Bool {
    let (chain, type, elements) = chain(range)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: chain.count * type.byteCount, alignment: 64)
    defer { memory.deallocate() }
    for operation in 0..<chain.operationCount {
      let reached = chain.elements(of: operation, for: elements)
      try withUnsafePointer(to: memory) { output in
        try runChain(
          chain.prefix(through: operation), type, inputs: inputs.baseAddress!, outputs: output, range: reached)
      }
      if isFound(InnerValue(number: operation, type: type, base: memory, elements: reached)) { return true }
    }
    return false
  }
}
