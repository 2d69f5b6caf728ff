internal import Kernels

/// A chain of elementwise gates that ends in a reduction of rows, or of leaves of rows.
final class ChainReductionCall: ChainedCall, InterimCall {
  static let name = "chain and reduction"
  private let type: Kernels.ElementType
  private let reduction: ChainReduction
  private let work: ChainWork

  init(_ reduction: ChainReduction, _ type: Kernels.ElementType, _ work: ChainWork) {
    (self.reduction, self.type, self.work) = (reduction, type, work)
  }

  var extent: Int { reduction.resultCount }
  var isInterim: Bool { reduction.isOfLeaves }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    reduction.chain.elementsRead(of: position, for: reduction.elements(of: range))
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? {
    number == reduction.storedCount ? range : reduction.elements(of: range)
  }
  /// Not by what the reduction makes: it is written when elements behind it are still to be read.
  func mayOverwrite(operand position: Int, by number: Int) -> Bool {
    number < reduction.storedCount && reduction.chain.mayOverwrite(operand: position, by: number)
  }
  func cost(at speeds: CostModel) -> Float { work.cost(of: reduction.chain, type, at: speeds) }
  func chain(_ range: Range<Int>) -> (ElementwiseChain, Kernels.ElementType, elements: Range<Int>) {
    (reduction.chain, type, reduction.elements(of: range))
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try runChainReduction(reduction, type, inputs: inputs.baseAddress!, outputs: outputs, range: range)
  }
}
