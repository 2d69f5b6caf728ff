internal import CKernels

/// Several elementwise operations done block by block: each block of every operand is read once, what only the chain
/// itself reads stays in the L1 cache, and only the values wanted outside are written to memory.
///
/// Values are numbered: the operands, then the result of each operation in order. An operand is any strided view of its
/// memory under the chain's shape: broadcast, sliced or transposed without a copy being made. Immutable, and shared by
/// any number of threads.
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
  /// How an operand lies under the chain's shape.
  package struct View: Sendable, Equatable {
    /// The first element, and the distance along each axis, in elements.
    let offset: Int
    let strides: [Int]
    /// The flat elements of the chain's shape that this operand is read for, if it is one of several that are pieces of
    /// a value; and, in the first of these, how many they are.
    var range: Range<Int>?
    var pieceCount = 0

    init(offset: Int, strides: [Int]) { (self.offset, self.strides) = (offset, strides) }

    /// All of a row-major tensor of the chain's shape.
    package static func whole(_ shape: [Int]) -> View {
      View(offset: 0, strides: StridedLayout.rowMajorStrides(of: shape))
    }

    /// A tensor of `operand`'s shape repeated by the rules of broadcasting.
    package static func broadcast(_ operand: [Int], to shape: [Int]) -> View {
      View(offset: 0, strides: BroadcastPlan.strides(of: operand, under: shape))
    }

    /// The block of a tensor of shape `input` that begins at `starts`.
    package static func slice(_ input: [Int], starts: [Int]) -> View {
      let strides = StridedLayout.rowMajorStrides(of: input)
      return View(offset: zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }, strides: strides)
    }

    /// Rows of tensors in their places under `shape`, and 0 elsewhere: one operand for each, next to one another, the first
    /// of which stands for the value.
    package static func splice(_ pieces: [(rows: Range<Int>, start: Int)], _ shape: [Int]) -> [View] {
      let strides = StridedLayout.rowMajorStrides(of: shape)
      return pieces.enumerated().map { position, piece in
        var view = View(offset: (piece.rows.lowerBound - piece.start) * strides[0], strides: strides)
        view.range = piece.start * strides[0]..<(piece.start + piece.rows.count) * strides[0]
        view.pieceCount = position == 0 ? pieces.count : 0
        return view
      }
    }

    /// A tensor of shape `input` with its axes in another order: axis i of the chain's shape is axis `permutation[i]`.
    package static func transpose(_ input: [Int], permutation: [Int]) -> View {
      let strides = StridedLayout.rowMajorStrides(of: input)
      return View(offset: 0, strides: permutation.map { strides[$0] })
    }
  }

  /// Elements of each output.
  package let count: Int
  package let operandCount: Int
  package let outputCount: Int
  package var operationCount: Int { parts.operations.count }
  private let parts: Parts

  /// What a chain consists of, in one object: a run copies the chain, which counts one reference and not that of each
  /// array.
  private final class Parts: Sendable {
    let layout: StridedLayout
    let offsets: [Int]
    /// Empty if no operand is a piece.
    let pieces: [adj_chain_piece]
    let operations: [adj_chain_operation]
    let temporaryCount: Int
    /// For each operand whether it lies like the outputs, and the last operation that reads it.
    let isWhole: [Bool]
    let lastReading: [Int]

    init(
      layout: StridedLayout, offsets: [Int], pieces: [adj_chain_piece], operations: [adj_chain_operation],
      temporaryCount: Int, isWhole: [Bool], lastReading: [Int]
    ) {
      (self.layout, self.offsets, self.pieces, self.operations) = (layout, offsets, pieces, operations)
      (self.temporaryCount, self.isWhole, self.lastReading) = (temporaryCount, isWhole, lastReading)
    }
  }

  /// Whether output `output` may be the memory of operand `operand`: it lies like the output, and nothing reads it after
  /// the output is written. The operand's memory must not be another operand's too.
  package func mayOverwrite(operand: Int, by output: Int) -> Bool {
    guard parts.isWhole[operand], let writing = parts.operations.firstIndex(where: { $0.place == output }) else {
      return false
    }
    return parts.lastReading[operand] <= writing
  }

  /// Calls `body` with the chain as C sees it; allocates nothing.
  @inline(__always)
  func withC(
    _ body: (adj_chain_reading, UnsafeBufferPointer<adj_chain_operation>, _ temporaries: Int) -> Void
  ) {
    parts.layout.withC { layout in
      parts.offsets.withUnsafeBufferPointer { offsets in
        parts.pieces.withUnsafeBufferPointer { pieces in
          let reading = adj_chain_reading(
            layout: layout, offsets: offsets.baseAddress!, pieces: pieces.isEmpty ? nil : pieces.baseAddress)
          parts.operations.withUnsafeBufferPointer { body(reading, $0, parts.temporaryCount) }
        }
      }
    }
  }

  /// The chain that ends with operation `last` and writes its result alone: to look at what a chain keeps to itself.
  package func prefix(through last: Int) -> ElementwiseChain {
    var shortened = Array(parts.operations[...last])
    for index in shortened.indices where shortened[index].place >= 0 {
      shortened[index].place = ~Int16(parts.temporaryCount + index)
    }
    shortened[last].place = 0
    return ElementwiseChain(
      layout: parts.layout, offsets: parts.offsets, pieces: parts.pieces, operations: shortened,
      temporaryCount: parts.temporaryCount + last, outputCount: 1, isWhole: parts.isWhole,
      lastReading: parts.lastReading)
  }

  /// Puts a chain together, in the order in which its operations are done.
  package struct Builder {
    private let shape: [Int]
    private var views: [View] = []
    private var operations: [(operation: ElementwiseOperation, operands: [Int])] = []

    package init(shape: [Int]) { self.shape = shape }

    package static var maximumOperands: Int { Int(ADJ_CHAIN_OPERANDS) }
    package static var maximumOperations: Int { Int(ADJ_CHAIN_OPERATIONS) }

    /// The number of a new operand.
    package mutating func operand(_ view: View) -> Int {
      precondition(operations.isEmpty, "The operands of a chain come before its operations")
      precondition(views.count < Self.maximumOperands, "A chain reads at most \(Self.maximumOperands) operands")
      precondition(view.strides.count == shape.count, "A view has a stride for each axis of \(shape)")
      views.append(view)
      return views.count - 1
    }

    /// The number of the result of an operation on earlier values.
    package mutating func apply(_ operation: ElementwiseOperation, _ operands: [Int]) -> Int {
      precondition(
        operations.count < Self.maximumOperations, "A chain has at most \(Self.maximumOperations) operations")
      precondition(operands.count == operation.arity, "\(operation) reads \(operation.arity) operands")
      let result = views.count + operations.count
      precondition(operands.allSatisfy { (0..<result).contains($0) }, "An operation reads earlier values")
      operations.append((operation, operands))
      return result
    }

    /// The chain that writes `outputs`, results of operations, each once.
    package func finish(outputs: [Int]) -> ElementwiseChain {
      precondition(outputs.allSatisfy { $0 >= views.count }, "An output of a chain is the result of an operation")
      let first = views.count
      var lastReading = [Int](repeating: -1, count: first + operations.count)
      for (index, operation) in operations.enumerated() {
        for operand in operation.operands { lastReading[operand] = index }
      }
      var free: [Int] = []
      var temporaryCount = 0
      var rows: [Int: Int] = [:]
      var placed: [adj_chain_operation] = []
      for (index, operation) in operations.enumerated() {
        // An operation may write the row it reads, so those it reads last are free for its result.
        for operand in operation.operands where lastReading[operand] == index {
          if let row = rows.removeValue(forKey: operand) { free.append(row) }
        }
        let value = first + index
        let place: Int
        if let output = outputs.firstIndex(of: value) {
          place = output
        } else {
          precondition(lastReading[value] >= 0, "A value that nothing reads is an output or not computed")
          let row = free.popLast() ?? temporaryCount
          temporaryCount = max(temporaryCount, row + 1)
          rows[value] = row
          place = ~row
        }
        let read = operation.operands.map(UInt16.init)
        placed.append(
          adj_chain_operation(
            operation: operation.operation.rawValue, place: Int16(place), a: read[0],
            b: read.count > 1 ? read[1] : read[0], c: read.count > 2 ? read[2] : read[0]))
      }
      return ElementwiseChain(
        layout: StridedLayout(output: shape, operandStrides: views.map(\.strides)), offsets: views.map(\.offset),
        pieces: views.allSatisfy { $0.range == nil } ? [] : views.map(\.piece), operations: placed,
        temporaryCount: temporaryCount, outputCount: outputs.count,
        isWhole: views.map { $0 == .whole(shape) },
        lastReading: Array(lastReading[..<first]))
    }
  }

  private init(
    layout: StridedLayout, offsets: [Int], pieces: [adj_chain_piece], operations: [adj_chain_operation],
    temporaryCount: Int, outputCount: Int, isWhole: [Bool], lastReading: [Int]
  ) {
    parts = Parts(
      layout: layout, offsets: offsets, pieces: pieces, operations: operations, temporaryCount: temporaryCount,
      isWhole: isWhole, lastReading: lastReading)
    self.outputCount = outputCount
    count = layout.count
    operandCount = offsets.count
  }
}

extension ElementwiseChain {
  /// The chain that does nothing but put rows of its operands together.
  package static func splice(_ pieces: [(rows: Range<Int>, start: Int)], output: [Int]) -> ElementwiseChain {
    var builder = Builder(shape: output)
    let operands = View.splice(pieces, output).map { builder.operand($0) }
    let copy = builder.apply(.copy, [operands[0]])
    return builder.finish(outputs: [copy])
  }
}

extension ElementwiseChain.View {
  fileprivate var piece: adj_chain_piece {
    adj_chain_piece(begin: range?.lowerBound ?? 0, end: range?.upperBound ?? 0, count: pieceCount)
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
/// - Complexity: O(`range.count` · operations).
package func runChain(
  _ chain: ElementwiseChain, _ type: ElementType, inputs: UnsafePointer<UnsafeRawPointer>,
  outputs: UnsafePointer<UnsafeMutableRawPointer>, range: Range<Int>
) {
  precondition(type != .int32, "A chain of elementwise operations needs floats")
  checkRange(range, within: chain.count)
  if range.isEmpty { return }
  chain.withC { reading, operations, temporaries in
    adj_chain(
      type.rawValue, reading, inputs, operations.baseAddress!, operations.count, temporaries, outputs,
      range.lowerBound, range.upperBound)
  }
}
