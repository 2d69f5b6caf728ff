internal import Kernels

/// What a part of a call has to do with: whoever reads a value waits for the parts that make what it reads, not for all.
///
/// A footprint may name more elements than are touched, since it is one range; it never names fewer.
extension KernelCall {
  /// The elements of operand `position` that the part `range` reads; `nil` if they may be any.
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    switch self {
    case .elementwise(_, _, let plan), .broadcast(_, let plan): plan.elementsRead(of: position, for: range)
    case .chain(_, let chain): chain.elementsRead(of: position, for: range)
    case .chainReduction(_, let reduction):
      reduction.chain.elementsRead(of: position, for: reduction.elements(of: range))
    case .accumulate: range
    case .dropout: position == 0 ? range : nil
    case .reduceLeaves(_, _, let plan): plan.elements(of: range)
    case .matmul(_, let plan): position == 0 ? plan.elementsOfA(for: range) : plan.elementsOfB(for: range)
    case .accumulateProduct(_, let plan):
      switch position {
      case 0: plan.elements(of: range)
      case 1: plan.elementsOfA(for: range)
      default: plan.elementsOfB(for: range)
      }
    case .move(_, let plan): plan.elementsRead(for: range)
    case .concatenate(_, let plan): plan.elementsRead(of: position, for: range)
    case .rows(let operation, _, let columns, _, _):
      operation.readsRows(of: position) ? range.scaled(by: columns) : range
    default: nil
    }
  }

  /// The elements of result `number` that the part `range` writes; `nil` if they may be any.
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? {
    switch self {
    case .elementwise, .broadcast, .chain, .accumulate, .reduce, .reduceLeaves, .joinLeaves, .move, .pad, .concatenate,
      .dropout:
      range
    case .chainReduction(_, let reduction):
      number == reduction.storedCount ? range : reduction.elements(of: range)
    case .matmul(_, let plan), .accumulateProduct(_, let plan): plan.elements(of: range)
    case .rows(let operation, _, let columns, _, _): operation.givesRows ? range.scaled(by: columns) : range
    case .gatherRows(_, _, let columns, _): range.scaled(by: columns)
    default: nil
    }
  }
}

extension Range<Int> {
  /// The elements of so many rows, or the bytes of so many elements.
  func scaled(by count: Int) -> Range<Int> { lowerBound * count..<upperBound * count }
}
