internal import Kernels

/// A matrix product and the chain of elementwise gates that reads it, as one call: one row of blocks after the other.
///
/// Its operands are those of the product, then those of the chain but for the product itself, which lies where one of
/// the chain's results will.
final class ProductChainCall: KernelCall {
  static let name = "product and chain"
  private let product: MatmulCall
  /// Blocks whose elements lie next to one another, mostly a row of them: a part is some of these.
  private let rowOfBlocks: Int
  private let chained: ElementwiseChainCall
  /// Which operand of the chain the product is, and which result it is computed in the place of.
  private let position: Int, target: Int
  private static let productOperands = 2

  init(_ product: MatmulCall, _ chain: ElementwiseChainCall, position: Int, target: Int) {
    (self.product, self.chained, self.position, self.target) = (product, chain, position, target)
    rowOfBlocks = product.stepOfOnePart
  }

  var description: String { "product\(product.readsPanels ? " of panels" : "") and chain of \(extent)" }
  var extent: Int { product.extent }
  /// Blocks whose elements lie beside one another.
  func cutStep(for count: inout Int, grain: Int) -> Int {
    count = min(count, product.extent / rowOfBlocks)
    return rowOfBlocks
  }

  /// The elements of the product, and of each result, that whole rows of blocks are.
  private func elements(of range: Range<Int>) -> Range<Int> { product.elementsWritten(to: 0, by: range)! }

  /// The operand of the chain that an operand of this call is; `nil` for those of the product.
  private func operandOfChain(_ operand: Int) -> Int? {
    let own = operand - Self.productOperands
    return own < 0 ? nil : own < position ? own : own + 1
  }

  func elementsRead(of operand: Int, by range: Range<Int>) -> Range<Int>? {
    guard let own = operandOfChain(operand) else { return product.elementsRead(of: operand, by: range) }
    return chained.elementsRead(of: own, by: elements(of: range))
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { elements(of: range) }
  /// The chain's operands as by the chain, but not by what the product is computed in the place of.
  func mayOverwrite(operand: Int, by number: Int) -> Bool {
    guard let own = operandOfChain(operand), number != target else { return false }
    return chained.mayOverwrite(operand: own, by: number)
  }
  func cost(at speeds: CostModel) -> Float { product.cost(at: speeds) + chained.cost(at: speeds) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try withChainOperands(inputs, outputs) { operands in
      var first = range.lowerBound
      while first < range.upperBound {
        let blocks = first..<min(first + rowOfBlocks, range.upperBound)
        product.run(inputs, outputs + target, blocks)
        try chained.run(operands, outputs, elements(of: blocks))
        first = blocks.upperBound
      }
    }
  }

  /// Calls `body` with the operands of the chain.
  private func withChainOperands<R>(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ body: (UnsafeBufferPointer<UnsafeRawPointer>) throws -> R
  ) rethrows -> R {
    try withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: chained.chain.operandCount) { operands in
      operands.initializeElement(at: position, to: UnsafeRawPointer(outputs[target]))
      for operand in inputs.indices {
        if let own = operandOfChain(operand) { operands.initializeElement(at: own, to: inputs[operand]) }
      }
      return try body(UnsafeBufferPointer(operands))
    }
  }
}

extension ProductChainCall: FusedCall {
  /// The product, where it will be computed, and then what its chain keeps to itself.
  func findsInnerValue(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>, where isFound: (InnerValue) -> Bool
  ) throws -> Bool {
    product.run(inputs, outputs + target, range)
    let elements = elements(of: range)
    let own = InnerValue(number: 0, type: chained.type, base: outputs[target], elements: elements)
    if isFound(own) { return true }
    return try withChainOperands(inputs, outputs) { operands in
      try chained.findsInnerValue(operands, outputs, elements) { value in
        var value = value
        value.number += 1
        return isFound(value)
      }
    }
  }
}
