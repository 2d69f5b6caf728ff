import StressScale
import Testing

@testable import DependencyScheduling

/// Loops over ranges, in both forms.
@Suite(.timeLimit(.minutes(20)), .watched()) struct LoopTests {
  private struct Failure: Error, Equatable {}

  static let ranges: [(range: Range<Int>, grain: Int)] = [
    (0..<0, 1), (5..<5, 10), (0..<1, 1), (0..<100, 7), (0..<100, 1), (0..<100, 100), (0..<100, 1_000), (0..<100, .max),
    (-50..<50, 7), (-100 ..< -10, 10), (Int.max - 100..<Int.max, 7), (Int.max - 100..<Int.max, .max),
    (Int.min..<Int.min + 100, 7), (-3..<Int.max - 3, Int.max / 3), (Int.min..<0 - 1, Int.max / 3),
  ]

  /// Whether `stretches`, in any order, make up `range`, none longer than `grain`, and all but the last as long.
  private func makeUp(_ range: Range<Int>, _ grain: Int, _ stretches: [Range<Int>]) -> Bool {
    var end = range.lowerBound
    for stretch in stretches.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard stretch.lowerBound == end, !stretch.isEmpty, stretch.count <= grain else { return false }
      guard stretch.count == grain || stretch.upperBound == range.upperBound else { return false }
      end = stretch.upperBound
    }
    return end == range.upperBound
  }

  @Test(arguments: ranges) func `a loop takes each element once`(range: Range<Int>, grain: Int) async throws {
    for width in [1, 3] {
      let executor = GraphExecutor.sharing(width: width)
      try await withWatchdog(executor: executor) {
        let stretches = Locked<[Range<Int>]>([])
        try loop(range, grain, on: executor) { stretch in stretches.withLock { $0.append(stretch) } }
        #expect(makeUp(range, grain, stretches.withLock { $0 }))
        stretches.withLock { $0 = [] }
        try await executor.forEach(range, grain: grain) { stretch in stretches.withLock { $0.append(stretch) } }
        #expect(makeUp(range, grain, stretches.withLock { $0 }))
      }
    }
  }

  @Test func `loops of many lengths, one after the other, take each element once`() throws {
    let executor = GraphExecutor.sharing(width: 2)
    // More of them than an executor remembers, downwards, upwards, and each again.
    for count in (1...12).reversed() + Array(1...12) + [3, 3, 12, 3, 1] {
      let stretches = Locked<[Range<Int>]>([])
      try executor.forEach(0..<count, grain: 1) { stretch in stretches.withLock { $0.append(stretch) } }
      #expect(makeUp(0..<count, 1, stretches.withLock { $0 }))
    }
  }

  @Test(arguments: ranges) func `a reduction takes neighbours in order`(range: Range<Int>, grain: Int) async throws {
    for width in [1, 3] {
      let executor = GraphExecutor.sharing(width: width)
      // Joining is possible only where one ends and the other begins.
      @Sendable func join(_ left: Range<Int>, _ right: Range<Int>) throws -> Range<Int> {
        if left.upperBound != right.lowerBound { throw Failure() }
        return left.lowerBound..<right.upperBound
      }
      try await withWatchdog(executor: executor) {
        let expected = range.isEmpty ? nil : range
        let blocking = try reduce(range, grain, on: executor, { $0 }, join)
        let awaited = try await executor.reduce(range, grain: grain, { $0 }, join)
        #expect(blocking == expected && awaited == expected)
      }
    }
  }

  @Test func `a sum of floats has the same bits at every width, in both forms`() async throws {
    var random = SeededGenerator(seed: 1)
    let values = (0..<10_007).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next()) & 0xBFFF_FFFF) }
    let partial: @Sendable (Range<Int>) -> Float = { stretch in stretch.reduce(0) { $0 + values[$1] } }
    for grain in [1, 64, 1_000] {
      var sums: Set<UInt32> = []
      for width in 1...8 {
        for sharing in [Sharing.always, .never] {
          let executor = try GraphExecutor(width: width, sharing: sharing)
          try await withWatchdog(executor: executor) {
            sums.insert(try reduce(0..<values.count, grain, on: executor, partial, +)!.bitPattern)
            sums.insert(try await executor.reduce(0..<values.count, grain: grain, partial, +)!.bitPattern)
          }
        }
      }
      #expect(sums.count == 1, "grain \(grain)")
    }
  }

  @Test(arguments: [1, 2, 4]) func `an error ends a loop and a reduction`(width: Int) async throws {
    let executor = GraphExecutor.sharing(width: width)
    let body: @Sendable (Range<Int>) throws -> Void = { if $0.contains(500) { throw Failure() } }
    let partial: @Sendable (Range<Int>) throws -> Int = { stretch in
      try body(stretch)
      return stretch.count
    }
    try await withWatchdog(executor: executor) {
      for _ in 1...StressScale.repetitions(50) {
        #expect(throws: Failure.self) { try loop(0..<1_000, 10, on: executor, body) }
        await #expect(throws: Failure.self) { try await executor.forEach(0..<1_000, grain: 10, body) }
        #expect(throws: Failure.self) { _ = try reduce(0..<1_000, 10, on: executor, partial, +) }
        await #expect(throws: Failure.self) { _ = try await executor.reduce(0..<1_000, grain: 10, partial, +) }
        // The next loop of that many stretches is right.
        let count = try reduce(0..<1_000, 10, on: executor, { $0.count }, +)
        #expect(count == 1_000)
      }
      #expect(throws: Failure.self) {
        _ = try reduce(0..<1_000, 10, on: executor, { $0.count }, { _, _ in throw Failure() })
      }
    }
  }

  @Test(arguments: [1, 2, 4]) func `a loop and a reduction are cancelled between two stretches`(width: Int)
    async throws
  {
    let executor = GraphExecutor.sharing(width: width)
    await withWatchdog(executor: executor) {
      for form in 0..<4 {
        let (token, count) = (CancellationToken(), Tally())
        let body: @Sendable (Range<Int>) -> Int = { stretch in
          if count.add() == 10 { token.cancel() }
          return stretch.count
        }
        await #expect(throws: CancellationError.self) {
          switch form {
          case 0: try loop(0..<10_000, 1, on: executor, cancellation: token) { _ = body($0) }
          case 1: try await executor.forEach(0..<10_000, grain: 1, cancellation: token) { _ = body($0) }
          case 2: _ = try reduce(0..<10_000, 1, on: executor, cancellation: token, body, +)
          default: _ = try await executor.reduce(0..<10_000, grain: 1, cancellation: token, body, +)
          }
        }
        #expect(count.value < 10_000)
      }
    }
  }

  @Test(arguments: [Sharing.automatic, .always]) func `loops within loops end`(sharing: Sharing) throws {
    let executor = try GraphExecutor(width: 3, sharing: sharing)
    let count = Tally()
    try withWatchdog(executor: executor) {
      try executor.forEach(0..<20, grain: 3) { outer in
        for _ in outer { try executor.forEach(0..<20, grain: 3) { inner in for _ in inner { count.add() } } }
      }
    }
    #expect(count.value == 400)
  }

  @Test func `a loop whose stretches nobody can count is an error that says what is allowed`() async {
    let allowed = "the grain of a loop is at least 1, and makes at most 2147483647 stretches"
    for grain in [0, -1, .min] {
      await #expect(throws: InvalidLoop(range: 0..<10, grain: grain)) {
        try await GraphExecutor.shared.forEach(0..<10, grain: grain) { _ in }
      }
    }
    for range in [0..<Int.max, Int.min..<Int.max] {
      let error = await #expect(throws: InvalidLoop.self) {
        _ = try await GraphExecutor.shared.reduce(range, grain: 2, { $0.count }, +)
      }
      #expect(error?.description.hasPrefix(allowed) == true && error?.range == range)
    }
    #expect(throws: InvalidLoop(range: 0..<10, grain: 0)) { try loop(0..<10, 0, on: .shared) { _ in } }
  }

  // MARK: the blocking forms, which asynchronous tests may not call directly

  private func loop(
    _ range: Range<Int>, _ grain: Int, on executor: GraphExecutor, cancellation token: CancellationToken? = nil,
    _ body: @Sendable (Range<Int>) throws -> Void
  ) throws {
    try executor.forEach(range, grain: grain, cancellation: token, body)
  }

  private func reduce<Value: Sendable>(
    _ range: Range<Int>, _ grain: Int, on executor: GraphExecutor, cancellation token: CancellationToken? = nil,
    _ partial: @Sendable (Range<Int>) throws -> Value, _ combine: (Value, Value) throws -> Value
  ) throws -> Value? {
    try executor.reduce(range, grain: grain, cancellation: token, partial, combine)
  }
}
