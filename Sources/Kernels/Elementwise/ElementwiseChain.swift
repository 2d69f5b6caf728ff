internal import CKernels

/// Several elementwise operations done block by block: each block of every operand is read once, what only the chain
/// itself reads stays in the L1 cache, and only the values wanted outside are written to memory.
///
/// Values are numbered: the operands, then the result of each operation in order. An operand is any strided view of its
/// memory under the chain's shape: broadcast, sliced or transposed without a copy being made; or it is rows of a table,
/// which are gathered for one block at a time. Immutable, and shared by any number of threads.
///
/// A splice shows rows of values in other places. Of values that the chain computes itself, in one dimension, each block
/// then needs a few elements around it, which are computed twice: once here and once with the block next to it.
///
/// ```swift
/// // tanh(x · w + b) for x·w [32, 128] and b [128]; only the tanh is written.
/// var builder = ElementwiseChain.Builder(shape: [32, 128])
/// let product = builder.operand(.whole([32, 128])), bias = builder.operand(.broadcast([128], to: [32, 128]))
/// let sum = builder.apply(.add, [product, bias])
/// let result = builder.apply(.tanh, [sum])
/// let chain = builder.finish(outputs: [result])
/// ```
package struct ElementwiseChain: Sendable {
  /// Elements of each output.
  package let count: Int
  package let operandCount: Int
  package let outputCount: Int
  package var operationCount: Int { parts.operations.count }
  let parts: Parts

  /// What a chain consists of, in one object: a run copies the chain, which counts one reference and not that of each
  /// array.
  final class Parts: @unchecked Sendable {  // because what `code` points to is written here alone
    let layout: StridedLayout
    let offsets: [Int]
    let gathers: [adj_chain_gather]
    /// Those of all splices.
    let pieces: [adj_chain_piece]
    /// What each value is needed for around a block; empty if none is.
    let extents: [adj_chain_extent]
    let operations: [adj_chain_operation]
    let temporaryCount: Int
    /// For each operand whether it lies like the outputs and is read for a block's own elements alone, and the last
    /// operation that reads it.
    let isWhole: [Bool]
    let lastReading: [Int]
    /// All of it as C sees it.
    let code: UnsafePointer<adj_chain_code>
    private let memory: [UnsafeRawPointer]

    init(
      layout: StridedLayout, offsets: [Int], gathers: [adj_chain_gather], pieces: [adj_chain_piece],
      extents: [adj_chain_extent], operations: [adj_chain_operation], temporaryCount: Int, isWhole: [Bool],
      lastReading: [Int]
    ) {
      (self.layout, self.offsets, self.gathers, self.operations) = (layout, offsets, gathers, operations)
      (self.pieces, self.extents) = (pieces, extents)
      (self.temporaryCount, self.isWhole, self.lastReading) = (temporaryCount, isWhole, lastReading)
      var memory: [UnsafeRawPointer] = []
      func kept<T>(_ values: [T]) -> UnsafePointer<T> {
        let copy = UnsafeMutablePointer<T>.allocate(capacity: max(values.count, 1))
        copy.initialize(from: values, count: values.count)
        memory.append(copy)
        return UnsafePointer(copy)
      }
      let isInPlace = offsets.allSatisfy { $0 == 0 } && layout.isInPlace && gathers.isEmpty && extents.isEmpty
      let reading = adj_chain_reading(
        layout: adj_layout(
          rank: layout.sizes.count, operands: layout.operandCount, sizes: kept(layout.sizes),
          strides: kept(layout.strides)),
        offsets: kept(offsets), gathers: kept(gathers), gather_count: gathers.count, pieces: kept(pieces),
        extents: extents.isEmpty ? nil : kept(extents))
      code = kept([
        adj_chain_code(
          reading: reading, operations: kept(operations), operation_count: operations.count,
          temporary_count: temporaryCount, in_place: isInPlace ? 1 : 0)
      ])
      self.memory = memory
    }

    deinit { for copy in memory { copy.deallocate() } }
  }

  /// Whether output `output` may be the memory of operand `operand`: it lies like the output, and nothing reads it after
  /// the output is written. The operand's memory must not be another operand's too.
  package func mayOverwrite(operand: Int, by output: Int) -> Bool {
    guard parts.isWhole[operand], let writing = parts.operations.firstIndex(where: { $0.place == output }) else {
      return false
    }
    return parts.lastReading[operand] <= writing
  }

  /// The chain as C sees it, for as long as it lives.
  var code: UnsafePointer<adj_chain_code> { parts.code }

  /// The chain that ends with operation `last` and writes its result alone: to look at what a chain keeps to itself.
  package func prefix(through last: Int) -> ElementwiseChain {
    var shortened = Array(parts.operations[...last])
    var temporaryCount = parts.temporaryCount
    for index in shortened.indices where shortened[index].place >= 0 {
      shortened[index].place = ~Int16(temporaryCount)
      temporaryCount += 1
    }
    let value = operandCount + last
    var extents = Array(parts.extents.prefix(value + 1))
    if shortened[last].operation == ADJ_CHAIN_SPLICE {
      let read = UInt16(value)
      shortened.append(
        adj_chain_operation(
          operation: UInt16(ElementwiseOperation.copy.rawValue), place: 0, a: read, b: read, c: read))
      if !extents.isEmpty { extents.append(adj_chain_extent()) }
    } else {
      shortened[last].place = 0
      if !extents.isEmpty { extents[value] = adj_chain_extent() }
    }
    return ElementwiseChain(
      layout: parts.layout, offsets: parts.offsets, gathers: parts.gathers, pieces: parts.pieces, extents: extents,
      operations: shortened, temporaryCount: temporaryCount, outputCount: 1, isWhole: parts.isWhole,
      lastReading: parts.lastReading)
  }

  /// The elements that operation `operation` computes where those of `range` are wanted.
  package func elements(of operation: Int, for range: Range<Int>) -> Range<Int> {
    elements(ofValue: operandCount + operation, for: range)
  }

  /// The elements of a value that are needed where those of `range` are wanted.
  func elements(ofValue value: Int, for range: Range<Int>) -> Range<Int> {
    if parts.extents.isEmpty { return range }
    let extent = parts.extents[value]
    return max(0, range.lowerBound - Int(extent.before))..<min(count, range.upperBound + Int(extent.after))
  }

  /// What a chain takes of what its kernel has room for.
  package struct Demand: Sendable, Equatable {
    /// Operands in memory, and operations.
    package var operands = 0, operations = 0
    /// How far splices of what the chain computes shift it, along any path, in all.
    package var reach = 0

    package init(operands: Int = 0, operations: Int = 0, reach: Int = 0) {
      (self.operands, self.operations, self.reach) = (operands, operations, reach)
    }

    /// The most that a chain may take.
    package static var most: Demand {
      Demand(
        operands: Int(ADJ_CHAIN_OPERANDS), operations: Int(ADJ_CHAIN_OPERATIONS), reach: Int(ADJ_CHAIN_REACH))
    }

    /// Whether a chain may take so much. Whoever puts chains together asks here, as ``Builder`` does.
    package var isAllowed: Bool { isWithin(.most) }

    /// Whether it is nowhere more than another.
    package func isWithin(_ other: Demand) -> Bool {
      operands <= other.operands && operations <= other.operations && reach <= other.reach
    }
  }

  /// Puts a chain together, in the order in which its operations are done.
  package struct Builder {
    private let shape: [Int]
    private var views: [View] = []
    private var operations: [Application] = []

    /// An operation on values, or a splice of them: then there is a piece for each.
    private struct Application {
      var operation: ElementwiseOperation = .copy
      var operands: [Int]
      var pieces: [Piece] = []
      var isSplice: Bool { !pieces.isEmpty }
    }

    /// Where rows of a value lie in a splice.
    package struct Piece: Hashable, Sendable {
      /// The flat elements of the splice that they are.
      let range: Range<Int>
      /// How much further they lie in it than in the value.
      let shift: Int

      /// - Parameter length: elements of a row.
      package init(rows: Range<Int>, start: Int, length: Int) {
        range = start * length..<(start + rows.count) * length
        shift = (start - rows.lowerBound) * length
      }
    }

    package init(shape: [Int]) { self.shape = shape }

    /// What the chain takes so far, but for its reach, which is known when it is finished.
    package var demand: Demand { Demand(operands: views.count, operations: operations.count) }

    private func check(_ demand: Demand) {
      precondition(demand.isAllowed, "A chain is to take \(demand), and may take \(Demand.most)")
    }

    /// The number of a new operand.
    package mutating func operand(_ view: View) -> Int {
      precondition(operations.isEmpty, "The operands of a chain come before its operations")
      check(Demand(operands: views.count + 1))
      precondition(view.strides.count == shape.count, "A view has a stride for each axis of \(shape)")
      if case .gathered(_, _, let indices) = view.role {
        precondition(
          views.indices.contains(indices) && views[indices].role == .indices, "Indices come before what they gather")
      }
      views.append(view)
      return views.count - 1
    }

    /// The number of the result of an operation on earlier values.
    package mutating func apply(_ operation: ElementwiseOperation, _ operands: [Int]) -> Int {
      check(Demand(operations: operations.count + 1))
      precondition(operands.count == operation.arity, "\(operation) reads \(operation.arity) operands")
      let result = views.count + operations.count
      precondition(operands.allSatisfy { (0..<result).contains($0) }, "An operation reads earlier values")
      precondition(operands.allSatisfy { role(of: $0) != .indices }, "Operations do not read indices")
      operations.append(Application(operation: operation, operands: operands))
      return result
    }

    /// The number of a value that is rows of earlier ones in other places, in order and without overlap, and 0 elsewhere.
    /// An operand that is spliced is its rows one after the other (``View/rows(of:)``); values that the chain computes can
    /// be spliced in one dimension only.
    package mutating func splice(_ pieces: [(value: Int, piece: Piece)]) -> Int {
      check(Demand(operations: operations.count + 1))
      precondition(!pieces.isEmpty, "A splice has a piece")
      let result = views.count + operations.count
      precondition(pieces.allSatisfy { (0..<result).contains($0.value) }, "A splice shows earlier values")
      precondition(pieces.allSatisfy { role(of: $0.value) == .values }, "A splice shows no gathered operand")
      operations.append(Application(operands: pieces.map(\.value), pieces: pieces.map(\.piece)))
      return result
    }

    /// The chain that writes `outputs`, results of operations, each once.
    package func finish(outputs: [Int]) -> ElementwiseChain {
      precondition(outputs.allSatisfy { $0 >= views.count }, "An output of a chain is the result of an operation")
      let first = views.count
      var extents = self.extents
      var operations = self.operations
      var targets: [Int: Int] = [:]
      for (place, output) in outputs.enumerated() {
        if operations[output - first].isSplice || !extents[output].isEmpty {
          // What is needed around a block, or elsewhere, is copied from there.
          targets[first + operations.count] = place
          operations.append(Application(operands: [output]))
          extents.append(Extent())
        } else {
          targets[output] = place
        }
      }
      let layout = StridedLayout(output: shape, operandStrides: views.map(\.strides))
      let isSpliced = isSpliced
      let (placed, pieces, temporaryCount, lastReading) = Self.place(operations, after: first, targets, isSpliced)
      return ElementwiseChain(
        layout: layout, offsets: views.map(\.offset), gathers: gathers, pieces: pieces,
        extents: extents.allSatisfy(\.isEmpty) ? [] : extents.map(\.c), operations: placed,
        temporaryCount: temporaryCount, outputCount: outputs.count,
        isWhole: views.indices.map { views[$0] == .whole(shape) && extents[$0].isEmpty && !isSpliced[$0] },
        lastReading: Array(lastReading[..<first]))
    }

    private func role(of value: Int) -> Role { value < views.count ? views[value].role : .values }

    private var gathers: [adj_chain_gather] {
      views.enumerated().compactMap { operand, view in
        guard case .gathered(let rows, let columns, let indices) = view.role else { return nil }
        return adj_chain_gather(operand: UInt16(operand), indices: UInt16(indices), rows: rows, columns: columns)
      }
    }

    /// How many elements before and after a block a value is needed for besides.
    private struct Extent {
      var before = 0, after = 0
      var isEmpty: Bool { before == 0 && after == 0 }
      var c: adj_chain_extent { adj_chain_extent(before: UInt16(before), after: UInt16(after)) }

      mutating func include(_ other: Extent, shiftedBy shift: Int = 0) {
        before = max(before, other.before + shift)
        after = max(after, other.after - shift)
      }
    }

    /// The extent of each value. A splice of an operand reads it in place, wherever that is.
    private var extents: [Extent] {
      let first = views.count
      var extents = [Extent](repeating: Extent(), count: first + operations.count)
      for (index, operation) in operations.enumerated().reversed() {
        let extent = extents[first + index]
        if operation.isSplice {
          for (operand, piece) in zip(operation.operands, operation.pieces) where operand >= first {
            extents[operand].include(extent, shiftedBy: piece.shift)
          }
        } else {
          for operand in operation.operands { extents[operand].include(extent) }
        }
      }
      precondition(
        shape.count == 1 || extents.allSatisfy(\.isEmpty), "A chain splices what it computes in one dimension only")
      check(Demand(reach: extents.reduce(0) { max($0, $1.before, $1.after) }))
      return extents
    }

    /// For each value whether a splice shows it.
    private var isSpliced: [Bool] {
      var isSpliced = [Bool](repeating: false, count: views.count + operations.count)
      for operation in operations where operation.isSplice {
        for operand in operation.operands { isSpliced[operand] = true }
      }
      return isSpliced
    }

    /// Gives each operation's result its output or a temporary, one after another where nothing reads the earlier ones any
    /// more.
    private static func place(
      _ operations: [Application], after first: Int, _ targets: [Int: Int], _ isSpliced: [Bool]
    ) -> (operations: [adj_chain_operation], pieces: [adj_chain_piece], temporaryCount: Int, lastReading: [Int]) {
      var lastReading = [Int](repeating: -1, count: first + operations.count)
      for (index, operation) in operations.enumerated() {
        for operand in operation.operands { lastReading[operand] = index }
      }
      // What a splice shows is read as long as the splice is.
      for (index, operation) in operations.enumerated().reversed() where operation.isSplice {
        for operand in operation.operands {
          lastReading[operand] = max(lastReading[operand], lastReading[first + index])
        }
      }
      var ending = [[Int]](repeating: [], count: operations.count)
      for value in first..<lastReading.count where lastReading[value] >= 0 { ending[lastReading[value]].append(value) }
      var free: [Int] = []
      var temporaryCount = 0
      var rows: [Int: Int] = [:]
      var placed: [adj_chain_operation] = []
      var pieces: [adj_chain_piece] = []
      for (index, operation) in operations.enumerated() {
        // An operation may write the row it reads, so those it reads last are free for its result, unless it reads them
        // shifted.
        for value in ending[index] where value >= isSpliced.count || !isSpliced[value] {
          if let row = rows.removeValue(forKey: value) { free.append(row) }
        }
        let value = first + index
        let place: Int
        if let output = targets[value] {
          place = output
        } else {
          precondition(lastReading[value] >= 0, "A value that nothing reads is an output or not computed")
          let row = free.popLast() ?? temporaryCount
          temporaryCount = max(temporaryCount, row + 1)
          rows[value] = row
          place = ~row
        }
        for value in ending[index] { if let row = rows.removeValue(forKey: value) { free.append(row) } }
        if operation.isSplice {
          placed.append(
            adj_chain_operation(
              operation: UInt16(ADJ_CHAIN_SPLICE), place: Int16(place), a: UInt16(pieces.count),
              b: UInt16(operation.pieces.count), c: 0))
          pieces += zip(operation.operands, operation.pieces).map { value, piece in
            adj_chain_piece(
              begin: piece.range.lowerBound, end: piece.range.upperBound, shift: piece.shift, value: UInt16(value))
          }
        } else {
          let read = operation.operands.map(UInt16.init)
          placed.append(
            adj_chain_operation(
              operation: UInt16(operation.operation.rawValue), place: Int16(place), a: read[0],
              b: read.count > 1 ? read[1] : read[0], c: read.count > 2 ? read[2] : read[0]))
        }
      }
      return (placed, pieces, temporaryCount, lastReading)
    }
  }

  private init(
    layout: StridedLayout, offsets: [Int], gathers: [adj_chain_gather], pieces: [adj_chain_piece],
    extents: [adj_chain_extent], operations: [adj_chain_operation], temporaryCount: Int, outputCount: Int,
    isWhole: [Bool], lastReading: [Int]
  ) {
    parts = Parts(
      layout: layout, offsets: offsets, gathers: gathers, pieces: pieces, extents: extents, operations: operations,
      temporaryCount: temporaryCount, isWhole: isWhole, lastReading: lastReading)
    self.outputCount = outputCount
    count = layout.count
    operandCount = offsets.count
  }
}

extension ElementwiseChain {
  /// The chain that does nothing but put rows of its operands together.
  package static func splice(_ pieces: [(rows: Range<Int>, start: Int)], output: [Int]) -> ElementwiseChain {
    var builder = Builder(shape: output)
    let length = output.dropFirst().reduce(1, *)
    let operands = pieces.map { _ in builder.operand(.rows(of: output)) }
    let splice = builder.splice(
      zip(operands, pieces).map { ($0, Builder.Piece(rows: $1.rows, start: $1.start, length: length)) })
    return builder.finish(outputs: [splice])
  }
}

/// Carries out a chain for each i of `range`, a range of the flat outputs.
///
/// The result for an element depends on its operands alone, to the bit, and equals that of the operations done one by one
/// over whole tensors. Allocates nothing.
///
/// - Parameters:
///   - inputs: the memory of each operand at its element 0.
///   - outputs: at element 0; see ``ElementwiseChain/mayOverwrite(operand:by:)`` for which may be an operand's memory.
/// - Throws: at the first block for which an index names no row of a gathered operand; what lies before it is written, and
///   nothing has been read from outside of the operand.
/// - Complexity: O(`range.count` · operations).
package func runChain(
  _ chain: ElementwiseChain, _ type: ElementType, inputs: UnsafePointer<UnsafeRawPointer>,
  outputs: UnsafePointer<UnsafeMutableRawPointer>, range: Range<Int>
) throws(ChainIndexOutOfRange) {
  precondition(type.hasArithmetic, "A chain of elementwise operations needs floats")
  checkRange(range, within: chain.count)
  if range.isEmpty { return }
  let fault = adj_chain(type.rawValue, chain.code, inputs, outputs, range.lowerBound, range.upperBound)
  try chain.check(fault, inputs)
}
