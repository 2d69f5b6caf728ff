internal import CKernels

/// Results that are sums of products over channels and the elements of a kernel; see `struct adj_tap_sum`.
///
/// The images' gradient is such a sum too, of the gradient of the results. With a stride, pixels fall into classes by the
/// remainders of their places: the pixels of a class are read through the same elements of the kernel.
struct TapSumPlan: Sendable {
  let images, groups, sources, results: Int
  let channelSize, pitch: Int
  let height, width, rowStep, columnStep: Int
  let offsets: [Int]
  /// For each of the offsets; empty if no tap has room to read.
  let ranges: [adj_tap_range]
  let classes: [adj_tap_class]
  let band, bands: Int
  let runsOn: Bool

  init(resultOf geometry: ConvolutionGeometry) {
    let (y, x) = (geometry.rows, geometry.columns)
    let planes = PlanesPlan(imagesOf: geometry)
    self.init(
      images: geometry.batch, groups: geometry.groups, sources: geometry.channelsInGroup,
      results: geometry.filtersInGroup, planes, height: y.result, width: x.result, steps: (1, 1),
      offsets: Self.offsets(geometry, planes), ranges: Self.ranges(geometry),
      classes: [
        adj_tap_class(first_tap: 0, taps: geometry.kernelSize, top: 0, left: 0, rows: y.result, columns: x.result)
      ])
  }

  init(inputGradientOf geometry: ConvolutionGeometry) {
    let (y, x) = (geometry.rows, geometry.columns)
    let planes = PlanesPlan(upstreamOf: geometry)
    var offsets: [Int] = []
    var ranges: [adj_tap_range] = []
    var hasRoom = false
    let classes = Self.pixelClasses(geometry).map { pixels in
      let (rows, columns) = (y.pixels(of: pixels.top), x.pixels(of: pixels.left))
      let first = offsets.count
      for (row, column) in pixels.ahead {
        offsets.append((row - y.readerRange.lowerBound) * planes.pitch + column - x.readerRange.lowerBound)
        let range = adj_tap_range(y.pixels(readAhead: row, of: rows), x.pixels(readAhead: column, of: columns))
        hasRoom = hasRoom || !range.holdsAll(of: rows, columns)
        ranges.append(range)
      }
      return adj_tap_class(
        first_tap: first, taps: pixels.taps.count, top: pixels.top, left: pixels.left, rows: rows, columns: columns)
    }
    self.init(
      images: geometry.batch, groups: geometry.groups, sources: geometry.filtersInGroup,
      results: geometry.channelsInGroup, planes, height: y.image, width: x.image, steps: (y.stride, x.stride),
      offsets: offsets, ranges: hasRoom ? ranges : [], classes: classes)
  }

  private init(
    images: Int, groups: Int, sources: Int, results: Int, _ planes: PlanesPlan, height: Int, width: Int,
    steps: (Int, Int), offsets: [Int], ranges: [adj_tap_range], classes: [adj_tap_class]
  ) {
    (self.images, self.groups, self.sources, self.results) = (images, groups, sources, results)
    (channelSize, pitch) = (planes.channelSize, planes.pitch)
    (self.height, self.width) = (height, width)
    (rowStep, columnStep) = steps
    (self.offsets, self.ranges) = (offsets, ranges)
    self.classes = classes
    // Tiles of 14 pixels, of one row each or running on, whichever are fewer.
    let (rows, columns) = (classes[0].rows, classes[0].columns)
    let tilesInRow = (columns + 13) / 14
    runsOn = ((rows - 1) * pitch + columns + 13) / 14 < rows * tilesInRow
    // Decisions/Kernels.md
    band = runsOn ? min(rows, (112 + pitch - 1) / pitch) : min(rows, (4 + tilesInRow - 1) / tilesInRow)
    bands = (rows + band - 1) / band
  }

  func blockCount(_ lanes: Int) -> Int { groups * ((results + 2 * lanes - 1) / (2 * lanes)) * images * bands }

  /// For each element of a kernel, the distance in the planes of a channel from the pixel it contributes to.
  static func offsets(_ geometry: ConvolutionGeometry, _ planes: PlanesPlan) -> [Int] {
    let (y, x) = (geometry.rows, geometry.columns)
    let (rowPhases, columnPhases) = (y.phases, x.phases)
    return (0..<y.kernel).flatMap { row in
      (0..<x.kernel).map { column in
        let (down, across) = (row * y.dilation, column * x.dilation)
        let plane =
          rowPhases.firstIndex(of: down % y.stride)! * columnPhases.count
          + columnPhases.firstIndex(of: across % x.stride)!
        return (plane * planes.rows + down / y.stride) * planes.pitch + across / x.stride
      }
    }
  }

  /// For each element of a kernel the results for which it reads a pixel of the image; empty if it does for all.
  static func ranges(_ geometry: ConvolutionGeometry) -> [adj_tap_range] {
    let (y, x) = (geometry.rows, geometry.columns)
    let ranges = (0..<y.kernel).flatMap { row in
      (0..<x.kernel).map { adj_tap_range(y.results(of: row), x.results(of: $0)) }
    }
    return ranges.allSatisfy { $0.holdsAll(of: y.result, x.result) } ? [] : ranges
  }

  /// The pixels of an image whose places leave the same remainders by the stride, through which elements of a kernel they
  /// are read, and how far ahead the results are that do so.
  static func pixelClasses(_ geometry: ConvolutionGeometry) -> [PixelClass] {
    let (y, x) = (geometry.rows, geometry.columns)
    return (0..<min(y.stride, y.image)).flatMap { top in
      (0..<min(x.stride, x.image)).map { left in
        let pairs = y.readers(of: top).flatMap { row in x.readers(of: left).map { (row, $0) } }
        return PixelClass(
          top: top, left: left, taps: pairs.map { $0.tap * x.kernel + $1.tap },
          ahead: pairs.map { ($0.ahead, $1.ahead) })
      }
    }
  }

  struct PixelClass {
    let top, left: Int
    let taps: [Int]
    let ahead: [(row: Int, column: Int)]
  }

  func withC(narrow: Bool, _ body: (adj_tap_sum) -> Void) {
    offsets.withUnsafeBufferPointer { offsets in
      ranges.withUnsafeBufferPointer { ranges in
        classes.withUnsafeBufferPointer { classes in
          body(
            adj_tap_sum(
              images: images, groups: groups, sources: sources, results: results, channel_size: channelSize,
              pitch: pitch, height: height, width: width, row_step: rowStep, column_step: columnStep,
              tap_count: offsets.count, offsets: offsets.baseAddress, ranges: ranges.baseIfAny,
              class_count: classes.count, classes: classes.baseAddress!, band: band, bands: bands,
              runs_on: runsOn ? 1 : 0, narrow: narrow ? 1 : 0))
        }
      }
    }
  }
}

/// The gradient of the kernels; see `struct adj_kernel_gradient`.
struct KernelGradientPlan: Sendable {
  let images, groups, sources, results: Int
  let channelSize, pitch, rows, columns: Int
  let offsets: [Int]
  /// For each of the offsets; empty if no tap has room to read.
  let ranges: [adj_tap_range]

  init(_ geometry: ConvolutionGeometry) {
    let planes = PlanesPlan(imagesOf: geometry)
    (images, groups) = (geometry.batch, geometry.groups)
    (sources, results) = (geometry.channelsInGroup, geometry.filtersInGroup)
    (channelSize, pitch) = (planes.channelSize, planes.pitch)
    (rows, columns) = (geometry.rows.result, geometry.columns.result)
    offsets = TapSumPlan.offsets(geometry, planes)
    ranges = TapSumPlan.ranges(geometry)
  }

  func blockCount(_ lanes: Int) -> Int {
    let inPair = (sources * offsets.count + Int(ADJ_KERNEL_BLOCK) - 1) / Int(ADJ_KERNEL_BLOCK)
    return groups * ((results + 2 * lanes - 1) / (2 * lanes)) * inPair
  }

  func withC(narrow: Bool, _ body: (adj_kernel_gradient) -> Void) {
    offsets.withUnsafeBufferPointer { offsets in
      ranges.withUnsafeBufferPointer { ranges in
        body(
          adj_kernel_gradient(
            images: images, groups: groups, sources: sources, results: results, channel_size: channelSize,
            pitch: pitch, rows: rows, columns: columns, tap_count: offsets.count, offsets: offsets.baseAddress!,
            ranges: ranges.baseIfAny, narrow: narrow ? 1 : 0))
      }
    }
  }
}

extension adj_tap_range {
  fileprivate init(_ rows: Range<Int>, _ columns: Range<Int>) {
    self.init(top: rows.lowerBound, bottom: rows.upperBound, left: columns.lowerBound, right: columns.upperBound)
  }

  /// Whether it is all of so many rows and columns.
  fileprivate func holdsAll(of rows: Int, _ columns: Int) -> Bool {
    top == 0 && bottom == rows && left == 0 && right == columns
  }
}

extension UnsafeBufferPointer {
  /// Where the elements lie, `nil` if there are none.
  fileprivate var baseIfAny: UnsafePointer<Element>? { isEmpty ? nil : baseAddress }
}
