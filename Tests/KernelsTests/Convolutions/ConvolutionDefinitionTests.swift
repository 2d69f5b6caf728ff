import DependencyScheduling
import Kernels
import Testing

/// Each way of computing a convolution and its gradients gives the bits of the definition, with each kind of vectors.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ConvolutionDefinitionTests {
  typealias Axis = ConvolutionGeometry.Axis

  private static let parts = [ConvolutionPart.result, .inputGradient, .kernelGradient]

  // MARK: the definition

  /// Chunks of 256 of the index, each one chain of fused multiply-adds from +0, added in order, to +0.
  private func chunked(_ a: [Float], _ b: [Float]) -> Float {
    var total = 0 as Float
    for first in stride(from: 0, to: a.count, by: 256) {
      var chunk = 0 as Float
      for index in first..<min(first + 256, a.count) { chunk.addProduct(a[index], b[index]) }
      total += chunk
    }
    return total
  }

  @Test func `the definition sums over channels, filters and pixels in chunks of 256`() {
    var numbers = SeededGenerator(seed: 21)
    let one = Axis(image: 1, kernel: 1, result: 1, stride: 1, padding: 0, dilation: 1)
    let row = Axis(image: 700, kernel: 1, result: 700, stride: 1, padding: 0, dilation: 1)
    for count in [1, 255, 256, 257, 700] {
      let a: [Float] = randomValues(count, &numbers), b: [Float] = randomValues(count, &numbers)
      let deep = ConvolutionGeometry(batch: 1, channels: count, filters: 1, groups: 1, rows: one, columns: one)
      #expect(definedConvolution(.result, deep, a, b) == [chunked(a, b)])
      let wide = ConvolutionGeometry(batch: 1, channels: 1, filters: count, groups: 1, rows: one, columns: one)
      #expect(definedConvolution(.inputGradient, wide, a, b) == [chunked(a, b)])
    }
    // Two images: each sum by itself, then one after the other.
    let a: [Float] = randomValues(1400, &numbers), b: [Float] = randomValues(1400, &numbers)
    let long = ConvolutionGeometry(batch: 2, channels: 1, filters: 1, groups: 1, rows: one, columns: row)
    let sums = [0..<700, 700..<1400].map { chunked(Array(a[$0]), Array(b[$0])) }
    #expect(definedConvolution(.kernelGradient, long, a, b) == [sums[0] + sums[1]])
  }

  /// Padding keeps its place in the index: the chunk ends where it does without.
  @Test func `what lies in the padding is counted and skipped`() {
    var numbers = SeededGenerator(seed: 22)
    let one = Axis(image: 1, kernel: 1, result: 1, stride: 1, padding: 0, dilation: 1)
    let edge = Axis(image: 2, kernel: 3, result: 1, stride: 1, padding: 1, dilation: 1)
    let geometry = ConvolutionGeometry(batch: 1, channels: 200, filters: 1, groups: 1, rows: one, columns: edge)
    let images: [Float] = randomValues(400, &numbers), kernels: [Float] = randomValues(600, &numbers)
    let read = (0..<600).filter { $0 % 3 > 0 }
    let chunks = (0..<3).map { number in
      read.filter { $0 / 256 == number }.reduce(0 as Float) { chunk, place in
        chunk.addingProduct(images[place / 3 * 2 + place % 3 - 1], kernels[place])
      }
    }
    #expect(definedConvolution(.result, geometry, images, kernels) == [chunks[0] + chunks[1] + chunks[2]])
    var infinite = kernels
    for place in 0..<600 where place % 3 == 0 { infinite[place] = .infinity }
    #expect(definedConvolution(.result, geometry, images, infinite) == [chunks[0] + chunks[1] + chunks[2]])
  }

  // MARK: the kernels

  /// Numbers of both signs that cancel, zeros of both signs, and some so small that products vanish.
  private func numbers<T: KernelFloat>(_ count: Int, specials: Int, _ numbers: inout SeededGenerator) -> [T] {
    var values: [T] = (0..<count).map { _ in
      let value = T(Int.random(in: -1_000...1_000, using: &numbers)) / 700
      switch Int.random(in: 0..<25, using: &numbers) {
      case 0: return value < 0 ? -0.0 : 0
      case 1: return value * .leastNormalMagnitude
      default: return value
      }
    }
    for number in 0..<specials {
      // The corners are what padding is beside.
      let place = [0, count - 1].randomElement(using: &numbers)!
      let anywhere = Int.random(in: 0..<count, using: &numbers)
      values[number % 2 == 0 ? place : anywhere] = [T.infinity, -.infinity, .nan].randomElement(using: &numbers)!
    }
    return values
  }

  private func check<T: KernelFloat>(_ geometry: ConvolutionGeometry, specials: Int, seed: UInt64, _: T.Type) {
    var generator = SeededGenerator(seed: seed)
    for part in Self.parts {
      let (first, second) = geometry.operandCounts(of: part)
      let a: [T] = numbers(first, specials: specials / 2, &generator)
      let b: [T] = numbers(second, specials: specials, &generator)
      let defined = definedConvolution(part, geometry, a, b)
      for level in VectorLevel.available {
        level.use()
        for (narrow, inOneCall) in level == .bits512 ? [(false, true), (true, false)] : [(false, seed % 2 == 0)] {
          let computed = convolved(part, geometry, a, b, narrow: narrow, inOneCall: inOneCall)
          guard let wrong = defined.indices.first(where: { !same(computed[$0], defined[$0]) }) else { continue }
          Issue.record(
            """
            \(part) of \(geometry), \(T.self), \(level), narrow \(narrow), in one call \(inOneCall): \
            \(computed[wrong]) at \(wrong), not \(defined[wrong])
            """)
        }
      }
    }
  }

  private func check(_ geometry: ConvolutionGeometry, seed: UInt64) {
    let usual = VectorLevel.current
    defer { usual.use() }
    for specials in [0, 4] {
      check(geometry, specials: specials, seed: seed + UInt64(specials), Float.self)
      check(geometry, specials: specials, seed: seed + UInt64(specials), Double.self)
    }
  }

  private static func axis(
    _ image: Int, _ kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, fewer: Int = 0
  ) -> Axis {
    let result = (image + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
    return Axis(
      image: image, kernel: kernel, result: max(1, result - fewer), stride: stride, padding: padding,
      dilation: dilation)
  }

  /// Kernels of 1, 3 and 5 elements, more padding on one side than on the other, steps, elements apart, groups.
  @Test(arguments: [(1, 20, 1), (3, 20, 1), (5, 9, 1), (3, 6, 3), (3, 34, 2), (1, 12, 4)]) func `every kind of window`(
    kernel: Int, channels: Int, groups: Int
  ) {
    var seed: UInt64 = 30
    for (stride, padding, dilation) in [(1, 0, 1), (1, 1, 1), (2, 1, 1), (1, 2, 2), (3, 2, 1)] {
      for filters in [2 * groups, 17 * groups] {
        seed += 1
        let geometry = ConvolutionGeometry(
          batch: 2, channels: channels, filters: filters, groups: groups,
          rows: Self.axis(9, kernel, stride: stride, padding: padding, dilation: dilation, fewer: 1),
          columns: Self.axis(18, min(kernel, 3), stride: stride, padding: padding / 2, dilation: dilation))
        check(geometry, seed: seed)
      }
    }
  }

  /// One channel and one filter a group, groups of one, some and more than a vector.
  @Test(arguments: [3, 17]) func `depthwise convolutions`(groups: Int) {
    for (number, kernel) in [1, 2, 3, 4, 5].enumerated() {
      for (stride, padding) in [(1, kernel / 2), (2, 1), (3, 0)] {
        let geometry = ConvolutionGeometry(
          batch: 2, channels: groups, filters: groups, groups: groups,
          rows: Self.axis(8, kernel, stride: stride, padding: padding),
          columns: Self.axis([5, 40, 18, 130, 17][number], kernel, stride: stride, padding: padding))
        check(geometry, seed: UInt64(50 + number))
      }
    }
  }

  /// Sums of more than a chunk, and of several, that end anywhere in a kernel.
  @Test(arguments: [
    (29, 20, 3, 1), (86, 3, 3, 1), (30, 90, 3, 2), (11, 18, 5, 1), (257, 20, 1, 1), (600, 12, 1, 1), (20, 300, 1, 1),
    (300, 20, 1, 2), (1, 2, 17, 1), (2, 20, 17, 2),
  ]) func `deep sums`(channels: Int, filters: Int, kernel: Int, stride: Int) {
    let geometry = ConvolutionGeometry(
      batch: 1, channels: channels, filters: filters, groups: 1,
      rows: Self.axis(max(3, kernel - 1), kernel, stride: stride, padding: kernel / 2),
      columns: Self.axis(max(4, kernel - 1), kernel, stride: stride, padding: kernel / 2))
    check(geometry, seed: 70)
  }

  /// The gradient of the kernels sums over pixels, of which a row ends in the middle of a chunk.
  @Test func `large images`() {
    for (channels, filters, groups, kernel) in [
      (2, 17, 1, 3), (1, 3, 1, 2), (4, 4, 4, 3), (5, 6, 1, 1), (20, 33, 1, 1),
    ] {
      let geometry = ConvolutionGeometry(
        batch: 2, channels: channels, filters: filters, groups: groups,
        rows: Self.axis(18, kernel, padding: kernel / 2), columns: Self.axis(31, kernel, padding: kernel / 2))
      check(geometry, seed: 80)
    }
  }

  /// A product of which nothing is left is -0 if its factors differ in sign.
  @Test(arguments: [(1, 20, 1, 3), (1, 2, 1, 3), (17, 17, 17, 3), (2, 20, 1, 1)])
  func `a sum of products that vanish is +0`(channels: Int, filters: Int, groups: Int, kernel: Int) {
    let geometry = ConvolutionGeometry(
      batch: 2, channels: channels, filters: filters, groups: groups, rows: Self.axis(5, kernel, padding: kernel / 2),
      columns: Self.axis(60, kernel, padding: kernel / 2))
    let usual = VectorLevel.current
    defer { usual.use() }
    for level in VectorLevel.available {
      level.use()
      for part in Self.parts {
        let (first, second) = geometry.operandCounts(of: part)
        let a = [Float](repeating: .leastNormalMagnitude, count: first)
        let b = [Float](repeating: -.leastNormalMagnitude, count: second)
        let zeros = [Float](repeating: 0, count: geometry.elementCount(of: part))
        #expect(same(convolved(part, geometry, a, b), zeros), "\(part) at \(level)")
        #expect(same(definedConvolution(part, geometry, a, b), zeros), "\(part), as defined")
      }
    }
  }

  // MARK: batches

  /// Image r of a batch has the bits of a batch of one; the kernels' gradient is the sum of those of batches of one.
  @Test(arguments: [(20, 17, 1, 3), (3, 2, 1, 3), (5, 5, 5, 3), (40, 20, 1, 1)]) func `batches of one and of many`(
    channels: Int, filters: Int, groups: Int, kernel: Int
  ) {
    func geometry(_ batch: Int) -> ConvolutionGeometry {
      ConvolutionGeometry(
        batch: batch, channels: channels, filters: filters, groups: groups,
        rows: Self.axis(9, kernel, padding: kernel / 2), columns: Self.axis(32, kernel, padding: kernel / 2))
    }
    var generator = SeededGenerator(seed: 90)
    let one = geometry(1)
    for batch in 1...5 {
      for part in Self.parts {
        let (first, second) = geometry(batch).operandCounts(of: part)
        let a: [Float] = numbers(first, specials: 0, &generator), b: [Float] = numbers(second, specials: 0, &generator)
        let whole = convolved(part, geometry(batch), a, b)
        func image(_ number: Int, of values: [Float]) -> [Float] {
          Array(values[number * values.count / batch..<(number + 1) * values.count / batch])
        }
        let single = (0..<batch).map { number in
          convolved(part, one, image(number, of: a), part == .kernelGradient ? image(number, of: b) : b)
        }
        if part == .kernelGradient {
          let sum = single.dropFirst().reduce(single[0]) { zip($0, $1).map { $0 + $1 } }
          #expect(same(whole, sum), "\(part) of a batch of \(batch)")
        } else {
          #expect(same(whole, single.flatMap { $0 }), "\(part) of a batch of \(batch)")
        }
      }
    }
  }
}
