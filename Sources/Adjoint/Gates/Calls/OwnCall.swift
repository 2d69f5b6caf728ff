internal import Kernels
internal import Synchronization

/// The call of a gate's own kernel, as the compiler and the workers meet it: whatever its author got wrong, it answers
/// with something possible, and where it can be noticed the run ends with ``KernelFault``.
///
/// How far it can be divided is asked once. What it says of places and parts is kept within the values; compiling has
/// refused a call of which that is not true already, as far as asking shows it.
///
/// When a part runs for the first time it is looked at what it has done: the result is filled with a pattern before,
/// and whatever still is the pattern afterwards, and another one after another run, was not written. A result that lies
/// over an operand is computed beside it, too, and must come out the same. Later runs cost a look at a flag.
final class OwnCall<Author: KernelCall>: KernelCall {
  static var name: String { Author.name }
  let author: Author
  let extent: Int
  private let shapes: CallShapes
  /// The parts that were looked at.
  private let seen = Locked<Set<Range<Int>>>([])
  /// Whether those are all. Relaxed: whoever misses it looks once more.
  private let isKnown = Atomic<Bool>(false)

  init(_ author: Author, _ shapes: CallShapes) {
    (self.author, self.shapes) = (author, shapes)
    extent = min(max(author.extent, 1), Shape.mostElements)
  }

  var description: String { author.description }

  func cutStep(for count: inout Int, grain: Int) -> Int {
    let most = count
    let step = author.cutStep(for: &count, grain: grain)
    count = min(max(count, 1), most)
    return min(max(step, 1), extent)
  }

  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    author.elementsRead(of: position, by: range)?.clamped(to: 0..<shapes.operands[position].shape.elementCount)
  }

  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? {
    author.elementsWritten(to: number, by: range)?.clamped(to: 0..<shapes.writtenCount)
  }

  func mayOverwrite(operand position: Int, by number: Int) -> Bool {
    author.mayOverwrite(operand: position, by: number)
  }

  func cost(at speeds: CostModel) -> Float {
    let cost = author.cost(at: speeds)
    return cost.isFinite ? max(cost, 0) : 0
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    if isKnown.load(ordering: .relaxed) { return try author.run(inputs, outputs, range) }
    try runLooking(inputs, outputs, range)
  }

  // MARK: the first time

  private func runLooking(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    guard let written = writtenElements(by: range), !seen.withLock({ $0.contains(range) }) else {
      return try author.run(inputs, outputs, range)
    }
    if let operand = inputs.firstIndex(of: UnsafeRawPointer(outputs[0])) {
      try runBeside(inputs, outputs, range, written, operand)
    } else {
      try check(written) { pattern in
        fill(outputs[0], written, with: pattern)
        try author.run(inputs, outputs, range)
        return outputs[0]
      }
    }
    note(range)
  }

  private func note(_ range: Range<Int>) {
    let covered = seen.withLock { seen in
      seen.insert(range)
      return seen.reduce(0) { $0 + $1.count }
    }
    if covered >= extent { isKnown.store(true, ordering: .relaxed) }
  }

  /// The elements that a part must write; `nil` if that is not known.
  private func writtenElements(by range: Range<Int>) -> Range<Int>? {
    if range == 0..<extent { return 0..<shapes.writtenCount }
    return elementsWritten(to: 0, by: range)
  }

  /// Runs a part whose result lies over an operand: beside it, and then over it.
  private func runBeside(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>, _ written: Range<Int>, _ operand: Int
  ) throws {
    let size = shapes.elementSize
    var beside = UnsafeMutableRawPointer.allocate(byteCount: shapes.writtenCount * size, alignment: 64)
    defer { beside.deallocate() }
    try check(written) { pattern in
      fill(beside, written, with: pattern)
      try author.run(inputs, &beside, range)
      return beside
    }
    try author.run(inputs, outputs, range)
    for element in written where !areEqual(beside, outputs[0], at: element) {
      throw KernelFault(
        "the kernel's call says that its result may be written over operand \(operand), and element \(element) comes "
          + "out different there")
    }
  }

  /// - Parameter run: fills the result with a pattern, computes the part, and says where the result lies.
  /// - Throws: for the first of `written` that no run writes; what `run` throws.
  private func check(_ written: Range<Int>, _ run: (_ pattern: UInt8) throws -> UnsafeMutableRawPointer) throws {
    let suspects = untouched(try run(Pattern.first), written, Pattern.first)
    if suspects.isEmpty { return }
    // A value may be the pattern by chance, but not both patterns.
    let result = try run(Pattern.second)
    if let element = suspects.first(where: { isFilled(result, $0, Pattern.second) }) {
      throw KernelFault("the kernel does not write element \(element) of its result")
    }
  }

  private func fill(_ base: UnsafeMutableRawPointer, _ elements: Range<Int>, with pattern: UInt8) {
    let bytes = elements.scaled(by: shapes.elementSize)
    (base + bytes.lowerBound).initializeMemory(as: UInt8.self, repeating: pattern, count: bytes.count)
  }

  private func untouched(_ base: UnsafeMutableRawPointer, _ elements: Range<Int>, _ pattern: UInt8) -> [Int] {
    elements.filter { isFilled(base, $0, pattern) }
  }

  private func isFilled(_ base: UnsafeMutableRawPointer, _ element: Int, _ pattern: UInt8) -> Bool {
    let bytes = UnsafeRawBufferPointer(start: base + element * shapes.elementSize, count: shapes.elementSize)
    return bytes[0] == pattern && bytes.allSatisfy { $0 == pattern }
  }

  private func areEqual(_ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer, at element: Int) -> Bool {
    let size = shapes.elementSize
    return UnsafeRawBufferPointer(start: a + element * size, count: size)
      .elementsEqual(UnsafeRawBufferPointer(start: b + element * size, count: size))
  }
}

/// Bytes that hardly any element consists of.
private enum Pattern {
  static let first: UInt8 = 0xA5, second: UInt8 = 0x5A
}

extension Kernel {
  /// The call that a program runs: that of ``call(_:)``, and where it is an author's, one that is kept within bounds
  /// and looked at when it first runs.
  func checkedCall(_ shapes: CallShapes) -> any KernelCall {
    func checked(_ author: some KernelCall) -> any KernelCall { OwnCall(author, shapes) }
    switch form {
    case .custom, .formula, .structured(.ofAuthor, _): return checked(call(shapes))
    default: return call(shapes)
    }
  }
}
