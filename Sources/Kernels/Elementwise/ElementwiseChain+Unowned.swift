internal import CKernels

extension ElementwiseChain {
  /// A chain that is run so often, and on so few elements, that counting a reference to it each time would show. Whoever
  /// keeps one keeps its chain.
  package struct Unowned: @unchecked Sendable {  // because nothing writes to what it points to
    private let code: UnsafePointer<adj_chain_code>
    private let type: ElementType

    package init(_ chain: ElementwiseChain, _ type: ElementType) {
      precondition(type.hasArithmetic, "A chain of elementwise operations needs floats")
      (code, self.type) = (chain.code, type)
    }

    /// As ``runChain(_:_:inputs:outputs:range:)``, for a range within the chain's elements.
    @inline(__always)
    package func run(
      inputs: UnsafePointer<UnsafeRawPointer>, outputs: UnsafePointer<UnsafeMutableRawPointer>, range: Range<Int>
    ) throws(ChainIndexOutOfRange) {
      let fault = adj_chain(type.rawValue, code, inputs, outputs, range.lowerBound, range.upperBound)
      if fault.operand >= 0 { throw ChainIndexOutOfRange(fault, code.pointee.reading, inputs) }
    }
  }
}
