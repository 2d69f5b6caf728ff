import DependencyScheduling
import Kernels
import Testing

/// Each way in which windows are worked, on shapes at its thresholds, against windows looked at one by one.
///
/// | way | chosen where |
/// |---|---|
/// | halves, of whole and half vectors | 2 × 2, 2 apart, no padding, at least lanes / 2 or lanes / 4 in a row |
/// | split rows, of columns 1, 2 or more apart | height · stride ≤ 64, and rows of some windows fit 2,048 elements |
/// | windows of a row side by side | elsewhere, 256 at a time |
/// | means added one by one, or pairwise | up to 256 pixels a window, 32 if there is one window in a row; 512 a block |
/// | shares added window by window, or pairwise | up to 256 windows a pixel; 512 a block |
@Suite(.timeLimit(.minutes(20))) struct PoolingPathTests {
  @Test func `halves are windows looked at one by one, in rows of every length around a vector's`() {
    func check<T: KernelFloat>(_: T.Type) {
      let lanes = 64 / T.elementType.byteCount
      let widths = [lanes / 4 - 1, lanes / 4, lanes / 2 - 1, lanes / 2, lanes / 2 + 1, lanes, lanes + 1, 2 * lanes + 1]
      for (number, windows) in widths.enumerated() {
        for (height, column) in [(4, 0), (5, 1), (4, 1), (5, 0)][(number % 2 * 2)...].prefix(2) {
          Windows([height, 2 * windows + column], [2, 2], stride: [2, 2]).check(T.self)
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func `windows that are all but halves are worked as what they are`() {
    for (extents, stride, padding) in [
      ([3, 2], [2, 2], [0, 0]), ([2, 3], [2, 2], [0, 0]), ([1, 2], [2, 2], [0, 0]), ([2, 1], [2, 2], [0, 0]),
      ([2, 2], [1, 2], [0, 0]), ([2, 2], [2, 1], [0, 0]), ([2, 2], [3, 2], [0, 0]), ([2, 2], [2, 3], [0, 0]),
      ([2, 2], [2, 2], [1, 0]), ([2, 2], [2, 2], [0, 1]),
    ] {
      Windows([4, 37], extents, stride: stride, padding: padding).check(Float.self)
      Windows([5, 18], extents, stride: stride, padding: padding).check(Double.self)
    }
  }

  @Test func `split rows are windows looked at one by one, wherever a chunk ends`() {
    for (size, extents, stride, padding) in [
      // Chunks of 256 windows, of 96 with 4 columns between them, and of 16.
      ([2, 258], [2, 3], [1, 1], [1, 1]), ([1, 511], [1, 1], [1, 2], [0, 0]), ([3, 516], [2, 3], [2, 2], [0, 1]),
      ([4, 389], [4, 5], [1, 4], [1, 2]), ([8, 49], [8, 17], [1, 1], [0, 8]), ([15, 70], [15, 3], [1, 4], [7, 1]),
      ([3, 17], [3, 2], [1, 7], [1, 1]), ([2, 16], [2, 16], [1, 1], [1, 15]), ([2, 40], [1, 33], [1, 1], [0, 16]),
      // As many windows as rows of theirs leave room for beside what the last one reaches.
      ([8, 300], [8, 49], [1, 1], [0, 0]),
    ] {
      Windows(size, extents, stride: stride, padding: padding).check(Float.self)
      Windows(size, extents, stride: stride, padding: padding).check(Double.self)
    }
  }

  @Test func `windows side by side are windows looked at one by one, wherever a row of them ends`() {
    for (size, extents, stride, padding) in [
      // Too high, too far apart, too wide for rows to be split.
      ([65, 258], [65, 1], [1, 1], [0, 0]), ([33, 20], [33, 3], [1, 2], [2, 1]),
      ([2, 140], [1, 2], [1, 65], [0, 1]),
    ] {
      Windows(size, extents, stride: stride, padding: padding).check(Float.self)
      Windows(size, extents, stride: stride, padding: padding).check(Double.self)
    }
  }

  @Test func `means of short and long windows are windows looked at one by one`() {
    for (size, extents, padding) in [
      ([16, 17], [16, 16], [0, 0]), ([17, 17], [17, 16], [1, 3]), ([4, 8], [4, 8], [0, 0]),
      ([3, 11], [3, 11], [0, 0]),
      ([16, 33], [16, 33], [2, 4]), ([32, 16], [32, 16], [0, 0]), ([3, 512], [3, 512], [1, 1]),
    ] {
      Windows(size, extents, stride: [1, 1], padding: padding).check(Float.self)
      Windows(size, extents, stride: [1, 1], padding: padding).check(Double.self)
    }
  }

  @Test func `pixels that many windows hold get what each sends back`() {
    for (size, extents, padding) in [
      ([16, 16], [16, 16], [15, 15]), ([17, 16], [17, 16], [16, 15]), ([1, 300], [1, 290], [0, 140]),
      ([1, 520], [1, 514], [0, 260]),
    ] {
      Windows(size, extents, stride: [1, 1], padding: padding).check(Float.self)
      Windows(size, extents, stride: [1, 1], padding: padding).check(Double.self)
    }
  }
}

/// Windows over two channels.
private struct Windows {
  let size: [Int], extents: [Int], steps: [Int], padding: [Int], results: [Int]

  init(_ size: [Int], _ extents: [Int], stride: [Int], padding: [Int] = [0, 0]) {
    (self.size, self.extents, steps, self.padding) = (size, extents, stride, padding)
    results = (0..<2).map { (size[$0] + 2 * padding[$0] - extents[$0]) / stride[$0] + 1 }
  }

  private var pixelCount: Int { 2 * size[0] * size[1] }
  private var windowCount: Int { 2 * results[0] * results[1] }

  /// Whole numbers, of which some tie, and then with numbers that are special in every few places, one place after the
  /// other.
  func check<T: KernelFloat>(_: T.Type) {
    var numbers = SeededGenerator(seed: UInt64(pixelCount * 31 + windowCount))
    let pixels: [T] = (0..<pixelCount).map { _ in T(Int.random(in: -9...9, using: &numbers)) }
    let upstream: [T] = (0..<windowCount).map { _ in T(Int.random(in: 1...9, using: &numbers)) }
    check(pixels, upstream, "numbers")
    let isLarge = windowCount * extents[0] * extents[1] > 2_000
    // A sum of the largest is a number too.
    let largest = T.greatestFiniteMagnitude / 1_024
    let specials: [T] = [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, largest]
    let apart = isLarge ? pixelCount : 11
    for start in 0..<(isLarge ? 3 : apart) {
      var (images, gradient) = (pixels, upstream)
      let first = isLarge ? [0, pixelCount / 2 - 1, pixelCount - 1][start] : start
      for (number, place) in stride(from: first, to: pixelCount, by: apart).enumerated() {
        images[place] = specials[(number + start) % specials.count]
      }
      for place in stride(from: first, to: windowCount, by: apart) { gradient[place] = specials[place % 3] }
      check(images, upstream, "specials from pixel \(first)")
      check(pixels, gradient, "specials from window \(first)")
    }
    // A window of nothing but what is below every number.
    check(images(pixels, lowest: 0..<pixelCount / 2), upstream, "minus infinity")
  }

  private func images<T: KernelFloat>(_ pixels: [T], lowest: Range<Int>) -> [T] {
    pixels.indices.map { lowest.contains($0) ? -.infinity : pixels[$0] }
  }

  private func check<T: KernelFloat>(_ pixels: [T], _ upstream: [T], _ subject: String) {
    let defined = Defined(self, pixels, upstream)
    let cases: [(PoolOperation, [[T]], [(sum: Double, magnitude: Double)])] = [
      (.maximum, [pixels], defined.maxima), (.maximumGradient, [upstream, pixels], defined.maximumGradient),
      (.maximumSelection, [pixels.reversed(), pixels], defined.selection),
      (.mean(countsPadding: false), [pixels], defined.means(false)),
      (.mean(countsPadding: true), [pixels], defined.means(true)),
      (.meanGradient(countsPadding: false), [upstream], defined.meanGradient(false)),
      (.meanGradient(countsPadding: true), [upstream], defined.meanGradient(true)),
    ]
    for (operation, inputs, expected) in cases {
      let computed: [T] = run(operation, inputs, count: expected.count)
      let wrong = computed.indices.first { place in
        let (value, exact) = (Double(computed[place]), expected[place].sum)
        if value == exact || value.isNaN && exact.isNaN { return false }
        // Some hundred roundings of the terms, at most, and one below the normal numbers.
        let allowed = 64 * Double(T.ulpOfOne) * expected[place].magnitude + 2 * Double(T.leastNonzeroMagnitude)
        return !(abs(value - exact) <= allowed && allowed.isFinite)
      }
      guard let wrong else { continue }
      Issue.record(
        "\(operation) of \(self), \(T.self), \(subject): \(computed[wrong]) at \(wrong), not \(expected[wrong].sum)")
    }
  }

  private func run<T: KernelFloat>(_ operation: PoolOperation, _ inputs: [[T]], count: Int) -> [T] {
    let window = PoolWindow(
      height: extents[0], width: extents[1], rowStride: steps[0], columnStride: steps[1], rowPadding: padding[0],
      columnPadding: padding[1])
    let plan = PoolPlan(operation, window, images: [1, 2] + size, result: [1, 2] + results)
    var output = [T](repeating: 99, count: count)
    withPointers(to: inputs) { inputs in
      output.withUnsafeMutableBytes { output in
        for channel in [1, 0] {
          runPooling(
            T.elementType, plan: plan, inputs: inputs, output: output.baseAddress!, channels: channel..<channel + 1)
        }
      }
    }
    return output
  }
}

/// What windows are defined to give, and the sums of their terms' magnitudes.
private struct Defined {
  typealias Sums = [(sum: Double, magnitude: Double)]

  private let windows: Windows
  private let pixels: [Double], upstream: [Double]
  /// Of each window the pixels that it holds.
  private let held: [[Int]]
  private let largest: [Double]
  /// Of each window the pixels that are its largest.
  private let winners: [[Int]]

  init<T: KernelFloat>(_ windows: Windows, _ pixels: [T], _ upstream: [T]) {
    self.windows = windows
    let pixels = pixels.map { Double($0) }
    self.pixels = pixels
    self.upstream = upstream.map { Double($0) }
    var held: [[Int]] = []
    for channel in 0..<2 {
      for i in 0..<windows.results[0] {
        let rows = Self.range(windows, axis: 0, at: i)
        for j in 0..<windows.results[1] {
          let columns = Self.range(windows, axis: 1, at: j)
          var places: [Int] = []
          places.reserveCapacity(rows.count * columns.count)
          for row in rows {
            for column in columns { places.append((channel * windows.size[0] + row) * windows.size[1] + column) }
          }
          held.append(places)
        }
      }
    }
    self.held = held
    var largest: [Double] = [], winners: [[Int]] = []
    for places in held {
      var most = -Double.infinity
      for place in places {
        let value = pixels[place]
        if value.isNaN || most.isNaN { most = .nan } else if value > most { most = value }
      }
      largest.append(most)
      winners.append(places.filter { pixels[$0] == most })
    }
    (self.largest, self.winners) = (largest, winners)
  }

  private static func range(_ windows: Windows, axis: Int, at place: Int) -> Range<Int> {
    let start = place * windows.steps[axis] - windows.padding[axis]
    let end = min(start + windows.extents[axis], windows.size[axis])
    return min(max(start, 0), end)..<end
  }

  var maxima: Sums { largest.map { ($0, 0) } }

  var maximumGradient: Sums {
    var sums = Sums(repeating: (0, 0), count: pixels.count)
    for (window, places) in winners.enumerated() {
      let share = upstream[window] / Double(places.count)
      for place in places { sums[place] = (sums[place].sum + share, sums[place].magnitude + abs(share)) }
    }
    return sums
  }

  /// Of the pixels in reverse order those where the largest are.
  var selection: Sums {
    winners.map { places in
      if places.isEmpty { return (0, 0) }
      let chosen = places.map { pixels[pixels.count - 1 - $0] }
      return (chosen.reduce(0, +) / Double(places.count), chosen.reduce(0) { $0 + abs($1) })
    }
  }

  private func divisor(_ window: Int, _ countsPadding: Bool) -> Double {
    Double(countsPadding ? windows.extents[0] * windows.extents[1] : held[window].count)
  }

  func means(_ countsPadding: Bool) -> Sums {
    held.indices.map { window in
      let divisor = divisor(window, countsPadding)
      // Divided first: the sum may be too large.
      var (sum, magnitude) = (0.0, 0.0)
      for place in held[window] {
        sum += pixels[place] / divisor
        magnitude += abs(pixels[place] / divisor)
      }
      return (sum, magnitude)
    }
  }

  func meanGradient(_ countsPadding: Bool) -> Sums {
    var sums = Sums(repeating: (0, 0), count: pixels.count)
    for (window, places) in held.enumerated() {
      let share = upstream[window] / divisor(window, countsPadding)
      for place in places { sums[place] = (sums[place].sum + share, sums[place].magnitude + abs(share)) }
    }
    return sums
  }
}
