import DependencyScheduling
import Kernels
import Testing

/// Room around an image is skipped: what a kernel's element does not meet has no part in the result, whatever it holds.
@Suite(.timeLimit(.minutes(20))) struct ConvolutionRoomTests {
  typealias Axis = ConvolutionGeometry.Axis

  /// Every axis of 1 to 4 pixels under kernels of 1 to 4 elements, 1 to 4 apart, with a padding of 0 to 3.
  private static let axes: [Axis] = coordinates(of: [4, 4, 4, 4, 2]).compactMap { at in
    let (image, kernel, stride, padding, dilation) = (at[0] + 1, at[1] + 1, at[2] + 1, at[3], at[4] + 1)
    let left = image + 2 * padding - dilation * (kernel - 1) - 1
    guard left >= 0, dilation == 1 || kernel > 1 else { return nil }
    return Axis(
      image: image, kernel: kernel, result: left / stride + 1, stride: stride, padding: padding, dilation: dilation)
  }

  private static func geometry(
    _ rows: Axis, _ columns: Axis, channels: Int = 2, filters: Int = 2, groups: Int = 1
  ) -> ConvolutionGeometry {
    ConvolutionGeometry(
      batch: 2, channels: channels, filters: filters, groups: groups, rows: rows, columns: columns)
  }

  @Test func `every small geometry is the sum of what the kernel meets, along either axis`() {
    let other = Axis(image: 3, kernel: 2, result: 4, stride: 1, padding: 1, dilation: 1)
    var numbers = SeededGenerator(seed: 11)
    for axis in Self.axes {
      for geometry in [Self.geometry(axis, other), Self.geometry(other, axis)] {
        check(geometry, Values(rate: 0.1), Float.self, &numbers)
      }
    }
  }

  @Test func `two axes, each of its own kind, are the sum of what the kernel meets`() {
    var numbers = SeededGenerator(seed: 12)
    for number in 0..<200 {
      let axes = (Self.axes.randomElement(using: &numbers)!, Self.axes.randomElement(using: &numbers)!)
      let geometry = Self.geometry(axes.0, axes.1, channels: 4, filters: 6, groups: number % 2 + 1)
      check(geometry, Values(rate: [0, 0.02, 0.3][number % 3]), Double.self, &numbers)
    }
  }

  /// Two panels of channels, bands of rows, tiles that run on over the ends of rows.
  @Test(arguments: [(1, 1, 1), (2, 2, 1), (3, 4, 2)]) func `large images skip room in every tile`(
    stride: Int, padding: Int, dilation: Int
  ) {
    func axis(_ image: Int, _ kernel: Int) -> Axis {
      Axis(
        image: image, kernel: kernel, result: (image + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1,
        stride: stride, padding: padding, dilation: dilation)
    }
    var numbers = SeededGenerator(seed: 13)
    let geometry = Self.geometry(axis(9, 3), axis(33, 2), channels: 3, filters: 37)
    for narrow in [false, true] {
      check(geometry, Values(rate: 0.005), narrow: narrow, Float.self, &numbers)
      check(geometry, Values(rate: 0.005), narrow: narrow, Double.self, &numbers)
    }
  }

  /// Panels of whole vectors and of some lanes, kernels whose elements are packed four at a time and what is left of
  /// them, tiles of 14 and 6 pixels that end anywhere, sums that are checked by what they come to; block by block, and
  /// many blocks at once.
  @Test func `channels, elements and pixels of every number around a vector's, a packing's and a tile's`() {
    var numbers = SeededGenerator(seed: 14)
    for (number, sizes) in [
      (16, 3, 1), (3, 16, 2), (17, 15, 3), (31, 2, 5), (2, 33, 7), (16, 17, 7), (33, 1, 2), (1, 32, 1), (64, 2, 2),
      (18, 18, 3), (43, 1, 3), (7, 9, 4),
    ].enumerated() {
      let (channels, filters, taps) = sizes
      let width = [1, 5, 6, 7, 13, 14, 15, 27, 28, 29, 16, 17][number]
      let padding = number % 3 == 0 ? 0 : taps / 2
      let columns = Axis(
        image: width + taps - 1, kernel: taps, result: width + 2 * padding, stride: 1, padding: padding, dilation: 1)
      let rows = Axis(image: 3, kernel: 2, result: 4, stride: 1, padding: 1, dilation: 1)
      let geometry = ConvolutionGeometry(
        batch: number % 2 + 1, channels: channels, filters: filters, groups: 1, rows: number % 4 == 3 ? columns : rows,
        columns: number % 4 == 3 ? rows : columns)
      for special in [nil, 1, 2] {
        checkEachWay(geometry, specials: special, Float.self, &numbers)
        if number < 8 { checkEachWay(geometry, specials: special, Double.self, &numbers) }
      }
    }
  }

  /// Strides, whose pixels fall into classes, of which each packs other elements of the kernels, and groups.
  @Test func `strided kernels of whole vectors of channels are packed as they are read`() {
    var numbers = SeededGenerator(seed: 15)
    for (stride, kernel, dilation, groups) in [(2, 3, 1, 1), (2, 7, 1, 2), (3, 8, 1, 1), (2, 3, 2, 1), (4, 3, 1, 2)] {
      func axis(_ image: Int) -> Axis {
        Axis(
          image: image, kernel: kernel, result: (image + 4 - dilation * (kernel - 1) - 1) / stride + 1, stride: stride,
          padding: 2, dilation: dilation)
      }
      let other = Axis(image: 2, kernel: 1, result: 2, stride: 1, padding: 0, dilation: 1)
      for geometry in [
        Self.geometry(axis(15), other, channels: 16 * groups, filters: 4 * groups, groups: groups),
        Self.geometry(other, axis(15), channels: 17 * groups, filters: 16 * groups, groups: groups),
      ] {
        checkEachWay(geometry, specials: 1, Float.self, &numbers)
      }
    }
  }

  /// Eighths, and as many special numbers as said in each operand.
  private func checkEachWay<T: KernelFloat>(
    _ geometry: ConvolutionGeometry, specials: Int?, _: T.Type, _ numbers: inout SeededGenerator
  ) {
    let sizes = Sizes(geometry)
    func values(_ count: Int, isSpecial: Bool) -> [T] {
      var values: [T] = Values(rate: 0).make(count, &numbers)
      guard let specials, isSpecial else { return values }
      for number in 0..<specials {
        values[Int.random(in: 0..<count, using: &numbers)] = number == 0 ? .infinity : .nan
      }
      return values
    }
    for (part, counts) in [
      (ConvolutionPart.result, (sizes.images, sizes.kernels)), (.inputGradient, (sizes.results, sizes.kernels)),
      (.kernelGradient, (sizes.images, sizes.results)),
    ] {
      // What meets room is the second operand's to begin with, and both operands' then.
      let isBoth = specials == 2
      let a = values(counts.0, isSpecial: isBoth), b = values(counts.1, isSpecial: true)
      var defined = [T](repeating: 0, count: sizes.count(part))
      defined.withUnsafeMutableBufferPointer { defined in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            switch part {
            case .result: sizes.forEachProduct { defined[$2] += a[$0] * b[$1] }
            case .inputGradient: sizes.forEachProduct { defined[$0] += a[$2] * b[$1] }
            default: sizes.forEachProduct { defined[$1] += a[$0] * b[$2] }
            }
          }
        }
      }
      for isNarrow in [false, true] {
        for isOneCall in [false, true] {
          let computed = run(part, geometry, a, b, narrow: isNarrow, inOneCall: isOneCall)
          let wrong = computed.indices.first {
            !(computed[$0] == defined[$0] || computed[$0].isNaN && defined[$0].isNaN)
          }
          guard let wrong else { continue }
          Issue.record(
            "\(part) of \(geometry), \(T.self), narrow \(isNarrow), one call \(isOneCall): \(computed[wrong]) at \(wrong)"
          )
        }
      }
    }
  }

  /// One kernel's first or last element is infinite, so that one pixel alone does not meet it: in each place of a tile,
  /// and at both ends of both its vectors.
  @Test func `one result in room is found wherever it is in a tile`() {
    func check<T: KernelFloat>(_: T.Type) {
      let lanes = 64 / T.elementType.byteCount
      let one = Axis(image: 1, kernel: 1, result: 1, stride: 1, padding: 0, dilation: 1)
      // Sums short enough for their factors to be looked at, and longer ones, which are looked at themselves.
      for (width, channels) in (2...15).flatMap({ [($0, 1), ($0, 64)] }) {
        let axis = Axis(image: width, kernel: 3, result: width, stride: 1, padding: 1, dilation: 1)
        let geometry = Self.geometry(one, axis, channels: channels, filters: 2 * lanes)
        let images = [T](repeating: 1, count: 2 * channels * width)
        for (filter, tap) in [0, lanes - 1, lanes, 2 * lanes - 1].flatMap({ [($0, 0), ($0, 2)] }) {
          var kernels = [T](repeating: 1, count: 2 * lanes * channels * 3)
          kernels[filter * channels * 3 + tap] = .infinity
          let outside = tap == 0 ? 0 : width - 1
          for narrow in [false, true] {
            let result = run(.result, geometry, images, kernels, narrow: narrow)
            let row = Array(result[filter * width..<(filter + 1) * width])
            let expected = (0..<width).map { $0 == outside ? T(2 * channels) : .infinity }
            #expect(row == expected, "\(T.self), \(width) pixels, \(channels) channels, filter \(filter), tap \(tap)")
          }
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func `an infinite element of a kernel reaches no pixel that it never touches`() {
    // Two steps of 2 over three pixels, with padding of 1: the element at 0 meets the pixel at 1 only.
    let axis = Axis(image: 3, kernel: 3, result: 2, stride: 2, padding: 1, dilation: 1)
    let geometry = Self.geometry(axis, axis, channels: 1, filters: 1)
    let kernel: [Float] = [.infinity, 1, 1, 1, 1, 1, 1, 1, 1]
    let images = [Float](repeating: 1, count: 18)
    let result = run(.result, geometry, images, kernel, narrow: false)
    #expect(Array(result.prefix(4)) == [4, 4, 4, .infinity])
  }

  // MARK: the sums that define a convolution

  /// Eighths, whose sums are exact in any order, some of them infinite or NaN.
  private struct Values {
    let rate: Double

    func make<T: KernelFloat>(_ count: Int, _ numbers: inout SeededGenerator) -> [T] {
      (0..<count).map { _ in
        let value = T(Int.random(in: -8...8, using: &numbers)) / 8
        if Double.random(in: 0..<1, using: &numbers) >= rate { return value }
        return [T.infinity, -T.infinity, T.nan].randomElement(using: &numbers)!
      }
    }
  }

  private func check<T: KernelFloat>(
    _ geometry: ConvolutionGeometry, _ values: Values, narrow: Bool = false, _: T.Type,
    _ numbers: inout SeededGenerator
  ) {
    let sizes = Sizes(geometry)
    for part in [ConvolutionPart.result, .inputGradient, .kernelGradient] {
      let images: [T] = values.make(sizes.images, &numbers), kernels: [T] = values.make(sizes.kernels, &numbers)
      let upstream: [T] = values.make(sizes.results, &numbers)
      var defined = [T](repeating: 0, count: sizes.count(part))
      let computed: [T]
      switch part {
      case .result:
        sizes.forEachProduct { defined[$2] += images[$0] * kernels[$1] }
        computed = run(part, geometry, images, kernels, narrow: narrow)
      case .inputGradient:
        sizes.forEachProduct { defined[$0] += upstream[$2] * kernels[$1] }
        computed = run(part, geometry, upstream, kernels, narrow: narrow)
      default:
        sizes.forEachProduct { defined[$1] += images[$0] * upstream[$2] }
        computed = run(part, geometry, images, upstream, narrow: narrow)
      }
      let isRight = zip(computed, defined).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
      #expect(isRight && computed.count == defined.count, "\(part) of \(geometry): \(computed), not \(defined)")
    }
  }

  private func run<T: KernelFloat>(
    _ part: ConvolutionPart, _ geometry: ConvolutionGeometry, _ a: [T], _ b: [T], narrow: Bool, inOneCall: Bool = false
  ) -> [T] {
    convolved(part, geometry, a, b, narrow: narrow, inOneCall: inOneCall)
  }

  private struct Sizes {
    let geometry: ConvolutionGeometry
    private let own: Int, filters: Int

    init(_ geometry: ConvolutionGeometry) {
      self.geometry = geometry
      (own, filters) = (geometry.channels / geometry.groups, geometry.filters / geometry.groups)
    }

    var images: Int { geometry.batch * geometry.channels * geometry.rows.image * geometry.columns.image }
    var kernels: Int { geometry.filters * own * geometry.rows.kernel * geometry.columns.kernel }
    var results: Int { geometry.batch * geometry.filters * geometry.rows.result * geometry.columns.result }

    func count(_ part: ConvolutionPart) -> Int {
      part == .result ? results : part == .inputGradient ? images : kernels
    }

    /// Every product of a pixel and an element of a kernel that is a term of a result.
    func forEachProduct(_ body: (_ image: Int, _ kernel: Int, _ result: Int) -> Void) {
      let (y, x) = (geometry.rows, geometry.columns)
      for n in 0..<geometry.batch {
        for f in 0..<geometry.filters {
          for c in 0..<own {
            let channel = n * geometry.channels + f / filters * own + c
            forEachMeeting(y) { row, k, i in
              forEachMeeting(x) { column, l, j in
                body(
                  (channel * y.image + row) * x.image + column, ((f * own + c) * y.kernel + k) * x.kernel + l,
                  ((n * geometry.filters + f) * y.result + i) * x.result + j)
              }
            }
          }
        }
      }
    }

    private func forEachMeeting(_ axis: Axis, _ body: (_ pixel: Int, _ tap: Int, _ result: Int) -> Void) {
      for result in 0..<axis.result {
        for tap in 0..<axis.kernel {
          let pixel = result * axis.stride + tap * axis.dilation - axis.padding
          if (0..<axis.image).contains(pixel) { body(pixel, tap, result) }
        }
      }
    }
  }
}
