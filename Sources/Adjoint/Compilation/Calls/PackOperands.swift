internal import Kernels

/// Packs the right matrix of products once for all that read it, where that costs less than what each of them then
/// saves: one that is read transposed is turned by each product that reads it, and by each of its parts.
///
/// Panels are values like any other, made right before their first reader by a call that can be divided. Those of a
/// constant belong to the program, and those of a parameter are kept from run to run where a program only reads
/// parameters. In the body of a loop those of a matrix that is the same in every step are one more source of the body,
/// and the loop's one more operand: packed before the loop, and shared with all else that reads the matrix. Left
/// matrices are never packed.
///
/// - Complexity: O(operands of all calls), nothing if the graph has neither a product nor a loop.
enum PackOperands: CallPass {
  static let name = "packOperands"

  static func apply(to calls: inout CallGraph, for options: Program.Options) {
    guard MatmulPlan.areProductsOurs else { return }
    var made: [(call: CallGraph.Call, before: Int)] = []
    var isPacked: Set<NodeID> = []
    for readers in readers(in: calls, options) {
      guard let panels = readers.panels(in: calls, options) else { continue }
      let node = calls.addPanels(of: readers.operand, readers.packing, as: panels)
      if case .packed = panels {
        let call = PackCall(readers.packing)
        made.append(
          (
            CallGraph.Call(
              call: call, cost: call.cost(at: options.costs), node: node, operands: [readers.operand],
              results: [node], overwritable: [[]]), readers.numbers[0]
          ))
      }
      for number in readers.numbers { calls.read(node, of: readers.matrix, readers.packing, by: number) }
      isPacked.insert(readers.matrix)
    }
    if isPacked.isEmpty { return }
    calls.completeLoops()
    calls.insert(made)
    if options.accumulation == .graphOrder { dropUnread(isPacked, in: &calls) }
  }

  /// Keeps constants of which only panels are read from memory.
  private static func dropUnread(_ matrices: Set<NodeID>, in calls: inout CallGraph) {
    let storage = calls.graph.storage
    var unread = matrices.filter { storage.isConstant($0) && !storage.isOneNumber($0) }
    for node in calls.graph.roots.all { unread.remove(calls.original(of: node)) }
    for call in calls.calls { for operand in call.operands { unread.remove(calls.original(of: operand)) } }
    for node in unread { calls.keepFromMemory(node) }
  }

  // MARK: who reads what

  /// A matrix as it would be packed.
  private struct Key: Hashable {
    let matrix: NodeID
    let packing: PackingPlan
  }

  /// All calls that may read one matrix as panels, in their order.
  private struct Readers {
    let matrix: NodeID, packing: PackingPlan
    /// What the first of them reads: the matrix, or what shows it under another shape.
    let operand: NodeID
    var numbers: [Int] = []
    /// The nanoseconds that they take, and those of it that panels save.
    var time: Float = 0, saved: Float = 0
    /// Whether a loop's body has been made to read panels.
    var isNeeded = false

    /// Where the panels come from; `nil` if they are not worth their price.
    func panels(in calls: CallGraph, _ options: Program.Options) -> CallGraph.Panels? {
      let storage = calls.graph.storage
      let isKept = calls.keepsPanels && storage.brief(of: matrix).source == .parameter
      var panels = CallGraph.Panels.packed(before: calls.calls[numbers[0]].node, isKept: isKept)
      var (price, times) = (isKept ? 0 : options.costs.cost(ofPacking: packing), Float(1))
      if let values = storage.constants[matrix] {
        let type = storage.signature(of: matrix).elementType
        (panels, price) = (.constant(.elements(PackedElements(values: values, elementType: type, packing: packing))), 0)
      } else if let loop = calls.loop, loop.invariants.contains(matrix) {
        (panels, times) = (.source, Float(loop.stepCount))
      }
      if isNeeded || options.packsAll { return panels }
      // A call that packs what a step computes would keep the loop from being divided.
      if case .packed = panels, calls.loop != nil { return nil }
      let least = price == 0 ? PackOperands.leastKeptGain : PackOperands.leastGain
      let isSmall = packing.resultCount * packing.type.byteCount <= PackOperands.mostBytes
      return isSmall && times * saved - price >= least * times * time ? panels : nil
    }
  }

  /// The largest panels: so much more memory a program takes for one matrix at most.
  private static let mostBytes = 16 << 20  // Decisions/Kernels.md
  /// The least part of the time of all products which read a matrix that packing it must save.
  private static let leastGain: Float = 1 / 32  // Decisions/Kernels.md
  /// The same of panels that are kept between runs, those of constants and parameters: products of few rows.
  private static let leastKeptGain: Float = 1 / 8  // Decisions/Kernels.md

  private static func readers(in calls: CallGraph, _ options: Program.Options) -> [Readers] {
    var numbers: [Key: Int] = [:]
    var all: [Readers] = []
    func note(_ number: Int, _ operand: NodeID, _ packing: PackingPlan, _ change: (inout Readers) -> Void) {
      let key = Key(matrix: calls.original(of: operand), packing: packing)
      let found = numbers[key] ?? all.count
      if found == all.count {
        numbers[key] = found
        all.append(Readers(matrix: key.matrix, packing: packing, operand: operand))
      }
      if all[found].numbers.last != number { all[found].numbers.append(number) }
      change(&all[found])
    }
    // Where values are computed again so that memory suffices, none is kept twice.
    let isTight = !calls.graph.fences.isEmpty
    for (number, call) in calls.calls.enumerated() {
      for read in call.packed { note(number, call.operands[read.operand], read.packing) { $0.isNeeded = true } }
      // Of a product of fewer columns than a panel has the left matrix is laid out.
      guard !isTight, let product = call.call as? MatmulCall, let packing = product.packing,
        packing.n >= packing.lanes || options.packsAll
      else { continue }
      let parts = max(Division.partCount(of: call.cost, each: Division.coarse.part), 1)
      note(number, call.operands[product.rightOperand], packing) { readers in
        readers.time += call.cost
        readers.saved += options.costs.saved(byPacking: packing, readings: product.readings(inParts: parts))
      }
    }
    return all
  }
}

extension CallGraph {
  /// Whether what is made of parameters alone is worth keeping from run to run: nothing here tells how to change them.
  fileprivate var keepsPanels: Bool {
    loop == nil && graph.roots.gradients.isEmpty && graph.roots.nextValues.isEmpty
  }
}
